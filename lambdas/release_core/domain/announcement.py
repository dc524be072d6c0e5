"""One announcement: what every event of the release machine has, its identity and its size."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from release_core.clock import to_iso
from release_core.domain.console import page_of_pipeline, page_of_workflow
from release_core.domain.release import Pipeline, PipelineStatus, Release, describe_outcome
from release_core.immutable import Immutable

SCHEMA_VERSION = "1"

# EventBridge takes four times as much. Targets of rules take less, such as SQS and SNS.
MAX_BYTES = 64 * 1024
MAX_LISTED = 10  # failures, problems and other things that a list names
MAX_TEXT = 1_000  # characters of a reason, a question or a comment
DEFAULT_DEPLOYMENT = "release-machine"

# The characters of each text and the names of each list, until the detail fits: the last always
# does.
_CUTS = ((8_000, 1_000), (1_000, 500), (100, 200))
_IDS = UUID("b0d2a6c1-6a0e-5f0b-9d53-6f1a1c0f7e55")  # the name space of our event ids
_RUNNING = "running"
_COUNTED_AS = {
    PipelineStatus.WAITING: "waiting",
    PipelineStatus.STARTING: _RUNNING,
    PipelineStatus.RUNNING: _RUNNING,
    PipelineStatus.SUCCEEDED: "succeeded",
    PipelineStatus.SKIPPED: "skipped",
}
_COUNTED = ("waiting", _RUNNING, "succeeded", "failed", "skipped")


class Announcement(Immutable):
    """An event to put on the bus: its detail type, and its detail as JSON values."""

    detail_type: str
    detail: Mapping[str, Any]


class Occasion(Immutable):
    """What an announcement is about: which deployment, release and execution, and the moment.

    ``identity`` tells two announcements of one type and release apart. A repeat has the same, so
    its parts are on record.
    """

    deployment: str
    at: datetime
    execution_arn: str
    release_id: str | None = None
    title: str | None = None
    kind: str | None = None
    attempt: int | None = None
    requester: str | None = None
    identity: tuple[str, ...] = ()

    def announce(
        self,
        detail_type: str,
        *,
        counts: Mapping[str, int] | None = None,
        failures: Sequence[Mapping[str, str | None]] = (),
        next_command: str | None = None,
        **more: Any,
    ) -> Announcement:
        """The announcement, with the fields of its type beside those that all types have."""
        common = {
            "schemaVersion": SCHEMA_VERSION,
            "eventId": self._event_id(detail_type),
            "at": to_iso(self.at),
            "deployment": self.deployment,
            "releaseId": self.release_id,
            "title": self.title,
            "releaseKind": self.kind,
            "attempt": self.attempt,
            "executionArn": self.execution_arn,
            "requester": self.requester,
            "counts": dict(counts or {}),
            "failures": [*failures],
            "nextCommand": next_command and self._complete(next_command),
            "consoleUrl": page_of_workflow(self.execution_arn),
        }
        detail = _with_whole_characters(_fitted(common | more))
        return Announcement(detail_type=detail_type, detail=detail)

    def _event_id(self, detail_type: str) -> str:
        # What a rejected manifest or a release that waits is called is not always on record.
        release_id = self.release_id if self.attempt else None
        about = (self.deployment, detail_type, release_id, self.attempt, self.execution_arn)
        return str(uuid5(_IDS, "\n".join(map(str, (*about, *self.identity)))))

    def _complete(self, command: str) -> str:
        """The command, with the deployment if it is not the one that the command finds itself."""
        if self.deployment == DEFAULT_DEPLOYMENT:
            return f"release-machine {command}"
        return f"release-machine {command} --name-prefix {self.deployment}"


def of_release(
    release: Release, *, deployment: str, at: datetime, identity: Sequence[object] = ()
) -> Occasion:
    """Something that happened to an opened release; ``identity`` as for an Occasion."""
    return Occasion(
        deployment=deployment,
        at=at,
        execution_arn=release.execution_arn,
        release_id=release.release_id,
        title=release.title,
        kind=release.kind.value,
        attempt=release.attempt,
        requester=requester_of(release),
        identity=tuple(
            to_iso(each) if isinstance(each, datetime) else str(each) for each in identity
        ),
    )


def requester_of(release: Release) -> str | None:
    """Who asked for the release, or retried it last, as far as that is known."""
    return release.requesters[-1] if release.requesters else release.requester


def counts_of(release: Release) -> dict[str, int]:
    """How many pipelines the release has, and in which state, if all of them were read."""
    pipelines = release.of_codepipeline.values()
    counts = {"total": release.pipeline_count}
    if len(pipelines) < release.pipeline_count:
        return counts
    waiting = PipelineStatus.WAITING
    now = [waiting if release.renews(each) else each.status for each in pipelines]
    found = Counter(_COUNTED_AS.get(status, "failed") for status in now)
    return counts | {name: found[name] for name in _COUNTED}


def failures_of(release: Release, nodes: Sequence[Pipeline] | None = None) -> list[dict[str, Any]]:
    """The pipelines and approvals that did not succeed, of these nodes or of all: where and why."""
    broken = [
        each
        for each in (release.pipelines.values() if nodes is None else nodes)
        if each.status.broken and not release.renews(each)
    ]
    broken.sort(key=lambda each: each.position)
    return [_failure(each, release.execution_arn) for each in broken[:MAX_LISTED]]


def cut(text: str, most: int = MAX_TEXT) -> str:
    """The text, with at most so many characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _failure(node: Pipeline, execution_arn: str) -> dict[str, Any]:
    failure = node.failure
    page = page_of_pipeline(node.name, node.execution_id, beside=execution_arn)
    return {
        "pipeline": node.name,
        "stage": failure.stage if failure else None,
        "action": failure.action if failure else None,
        "reason": cut(failure.reason if failure else describe_outcome(node)),
        "link": (failure.link if failure else None) or page,
    }


def _with_whole_characters(detail: dict[str, Any]) -> Any:
    """The detail without halves of surrogate pairs: JSON can spell them, UTF-8 cannot."""
    return json.loads(json.dumps(detail, ensure_ascii=False).encode(errors="replace"))


def _fitted(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail, with shorter texts and fewer names until it has at most MAX_BYTES."""
    fitted = detail
    for text, names in _CUTS:
        if size(fitted) <= MAX_BYTES:
            break
        fitted = {name: _shorter(name, value, text) for name, value in detail.items()}
        omitted = 0
        for name in ("pipelines", "approvals"):
            nodes = fitted.get(name, {})
            # What did not succeed is the news.
            kept = {*sorted(nodes, key=lambda each: nodes[each] == "SUCCEEDED")[:names]}
            omitted += len(nodes) - len(kept)
            if len(kept) < len(nodes):
                fitted[name] = {each: nodes[each] for each in nodes if each in kept}
        if omitted:
            fitted["omitted"] = omitted
    return fitted


def _shorter(name: str, value: Any, most: int) -> Any:
    """A value of this field in which no text has more characters than this."""
    match value:
        case str() if len(value) > most:
            # A part of a link leads nowhere.
            return None if name in {"link", "consoleUrl"} else cut(value, most)
        case dict():
            return {key: _shorter(key, each, most) for key, each in value.items()}
        case list():
            return [_shorter(name, each, most) for each in value]
    return value


def size(detail: Mapping[str, Any]) -> int:
    """The bytes of the detail as JSON."""
    text = json.dumps(detail, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode(errors="replace"))
