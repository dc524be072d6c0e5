"""What people do during a soak: they hand in, answer, stop, retry and freeze."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.people import Person
from tests.e2e.releasing.pipelines import APPROVAL_STAGE
from tests.e2e.releasing.releases import Releases
from tests.soak.drawn import APPROVAL, draw_manifest

ENDED_BADLY = {"FAILED", "CANCELLED"}


@dataclass
class Crowd:
    """Random requests of people; ``done`` counts them. A request may be refused."""

    account: Account
    ledger: Ledger
    releases: Releases
    draw: Random
    pipelines: list[str]
    gated: list[str]
    people: list[Person]
    handed_in: list[str] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    def hand_in(self, release_id: str) -> None:
        """Hand a manifest in by one of the three doors."""
        document = draw_manifest(self.draw, release_id, self.pipelines)
        text = json.dumps(document)
        doors: dict[str, Callable[[str], object]] = {
            "S3": self.releases.drop,
            "API": self.releases.post,
            "Step Functions": self.releases.start,
        }
        door = self.draw.choice(sorted(doors))
        doors[door](text)
        self.handed_in.append(release_id)
        self.done[f"handed in by {door}"] += 1

    def act(self, running: list[str]) -> None:
        """Let somebody do something; ``running`` are the workflow executions."""
        chances = (
            (0.6, self._answer_any),
            (0.03, lambda: self._cancel(running)),
            (0.05, self._retry),
            (0.03, self._freeze),
            (0.03, self._lift),
        )
        for chance, action in chances:
            if self.draw.random() < chance:
                action()

    def answer_all(self) -> None:
        """Approve all that waits."""
        for pipeline in self.gated:
            self._answer_pipeline(pipeline, approve=True)
        for header in self.open():
            for person in self.people:
                person.approve(header["release_id"], APPROVAL)

    def lift_all(self) -> None:
        """Lift all freezes."""
        for scope in sorted(self.frozen):
            self.people[0].lift(scope)
        self.frozen.clear()

    def _answer_any(self) -> None:
        self._answer_pipeline(self.draw.choice(self.gated), approve=self.draw.random() < 0.9)
        asking = [each["release_id"] for each in self.open()]
        if asking:
            person, release_id = self.draw.choice(self.people), self.draw.choice(asking)
            if self.draw.random() < 0.9:
                person.approve(release_id, APPROVAL)
            else:
                person.reject(release_id, APPROVAL, "not now")
            self.done["answered an approval"] += 1

    def _answer_pipeline(self, pipeline: str, *, approve: bool) -> None:
        client = self.account.codepipeline
        for stage in client.get_pipeline_state(name=pipeline)["stageStates"]:
            for action in stage["actionStates"]:
                token = action.get("latestExecution", {}).get("token")
                if stage["stageName"] == APPROVAL_STAGE and token:
                    _try(
                        client.put_approval_result,
                        pipelineName=pipeline,
                        stageName=APPROVAL_STAGE,
                        actionName=APPROVAL_STAGE,
                        token=token,
                        result={
                            "status": "Approved" if approve else "Rejected",
                            "summary": "answered in a soak",
                        },
                    )
                    self.done["answered a manual approval"] += 1

    def _cancel(self, running: list[str]) -> None:
        if running:
            self.releases.stop(self.draw.choice(running), "stopped in a soak")
            self.done["cancelled"] += 1

    def _retry(self) -> None:
        failed = [
            each["release_id"]
            for each in self.ledger.newest(40)
            if each["status"] in ENDED_BADLY and not each.get("rollback_of")
        ]
        if failed:
            self.releases.start(json.dumps({"retry": self.draw.choice(failed)}))
            self.done["retried"] += 1

    def _freeze(self) -> None:
        scope = self.draw.choice(self.pipelines)
        answer = self.draw.choice(self.people).freeze(scope, minutes=10)
        # What was killed after its write has answered with an error.
        if answer.status == 200 or answer.status >= 500:
            self.frozen.add(scope)
            self.done["froze"] += 1

    def _lift(self) -> None:
        if self.frozen:
            scope = self.draw.choice(sorted(self.frozen))
            self.people[0].lift(scope)
            self.frozen.discard(scope)
            self.done["lifted"] += 1

    def open(self) -> list[Item]:
        """Return the headers of the releases that run, of the newest ones."""
        return [each for each in self.ledger.newest(60) if each["status"] == "RUNNING"]


def _try(call: Callable[..., Any], **request: Any) -> None:
    """Call; what was refused because somebody else was faster does not matter."""
    try:
        call(**request)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
