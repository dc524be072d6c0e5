"""The promises about the approvals of a release: what the votes on record say is what happens."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.simulation.promises.attempts import is_late
from tests.simulation.world.calls import Ended
from tests.simulation.world.happenings import GOING_ON, Happening, Violated, list_of, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.people import count, is_decided, needed
from tests.simulation.world.stores import Item
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World


def nothing_starts_without_the_votes(happening: Happening) -> None:
    """A pipeline starts only if enough people have approved each approval before it."""
    new = happening.started
    if new is None:
        return
    before = {new.pipeline}
    ahead = [new.pipeline]
    while ahead:
        node = happening.node_of(new.release_id, ahead.pop())
        if "approval" in (node or {}) and (
            value(node, "rejected_by") or count(node) < needed(node)
        ):
            raise Violated(
                "nothing_starts_without_the_votes",
                f"{new.pipeline} before {value(node, 'pipeline')}",
            )
        more = {*list_of(node, "depends_on")} - before
        before |= more
        ahead += more


def four_eyes_see_what_starts(happening: Happening) -> None:
    """What starts behind an approval with four eyes was approved in the attempt that starts it."""
    new = happening.started
    if new is None:
        return
    items = happening.world.stores.releases()[new.release_id]
    attempt = value(items["release"], "attempt")
    for name in _before(happening.world.scenario.manifests, new.release_id, new.pipeline):
        node = items[f"pipeline#{name}"]
        is_asked = "approval" in node and node["approval"]["M"]["four_eyes"]["BOOL"]
        if is_asked and value(node, "attempt") != attempt:
            raise Violated("four_eyes_see_what_starts", f"{new.pipeline} behind {name}")


def _before(manifests: Iterable[Mapping[str, Any]], release_id: str, name: str) -> set[str]:
    """All that comes before a node in the manifest of its release, if it has approvals."""
    wanted = {
        each["name"]: each.get("dependsOn", ())
        for manifest in manifests
        if manifest["releaseId"] == release_id and "approvals" in manifest
        for each in [*manifest["pipelines"], *manifest["approvals"]]
        if isinstance(each, dict)
    }
    before, ahead = set[str](), [name]
    while ahead:
        more = {*wanted.get(ahead.pop(), ())} - before
        before |= more
        ahead += more
    return before


def each_vote_counts_once(happening: Happening) -> None:
    """Each person has one vote in an attempt; a vote on record is neither changed nor lost."""
    if not _is_approval(happening):
        return
    votes, earlier = (_votes(each) for each in (happening.after, happening.before))
    people = [each["voter"]["S"] for each in votes]
    same_attempt = value(happening.before, "attempt") == value(happening.after, "attempt")
    if len({*people}) != len(people) or sorted(people) != sorted(
        list_of(happening.after, "voters")
    ):
        raise Violated("each_vote_counts_once", f"{happening.node}: {people}")
    if same_attempt and votes[: len(earlier)] != earlier:
        raise Violated("each_vote_counts_once", f"{happening.node}: {earlier} became {votes}")
    if len(votes) != _given_in_this_attempt(happening.after):
        raise Violated("each_vote_counts_once", f"{happening.node} has old votes: {people}")


def a_vote_is_of_its_attempt(happening: Happening) -> None:
    """A vote counts in the attempt that its person has seen, and before the approval has ended."""
    if not _is_approval(happening) or len(_votes(happening.after)) <= len(_votes(happening.before)):
        return
    if value(happening.before, "status") not in GOING_ON or value(happening.before, "rejected_by"):
        raise Violated("a_vote_is_of_its_attempt", f"{happening.node} had ended")
    seen = json.loads(happening.invocation.payload["body"])["attempt"]
    if value(happening.after, "attempt") != str(seen):
        raise Violated("a_vote_is_of_its_attempt", f"a vote of attempt {seen}")


def an_approval_is_asked_in_its_turn(happening: Happening) -> None:
    """People are asked when all before it has succeeded, and not after the halt that is on record.

    A halt or a close at the same instant ends it again.
    """
    changed = happening.changed_status
    if not _is_approval(happening) or changed != ("WAITING", "RUNNING"):
        return
    for name in list_of(happening.after, "depends_on"):
        status = value(happening.sibling(name), "status")
        if status != "SUCCEEDED":
            raise Violated("an_approval_is_asked_in_its_turn", f"{name} is {status}")


def an_approval_ends_as_its_votes_say(happening: Happening) -> None:
    """It is granted with enough votes, fails with a rejection, and otherwise ends for a reason."""
    changed = happening.changed_status
    if not (_is_approval(happening) and changed) or changed[1] in GOING_ON:
        return
    node, header = happening.after, happening.header
    rejected, granted = value(node, "rejected_by"), count(node) >= needed(node)
    over = value(header, "status") != "RUNNING" or value(header, "halted_by")
    reasons = {
        "SUCCEEDED": granted and not rejected and changed[0] == "RUNNING",
        "FAILED": rejected or value(node, "given_up"),
        "TIMED_OUT": not is_decided(node) and is_late(happening),
        "CANCELLED": not is_decided(node) and over,
        "SKIPPED": not rejected and changed[0] == "WAITING",
    }
    if not reasons.get(changed[1]):
        raise Violated("an_approval_ends_as_its_votes_say", f"{happening.node} {changed[1]}")


def a_vote_that_counts_is_on_record(world: World, invocation: Invocation, how: Ended) -> None:
    """When the API says that an answer counts, it is on record, and a rejection has its effect.

    With a message, the API says that the effect is yet to come.
    """
    if invocation.function != "answer_approval" or not isinstance(how.value, dict):
        return
    if how.value["statusCode"] != 200:
        return
    said, path = json.loads(how.value["body"]), invocation.payload["pathParameters"]
    node = world.stores.item("releases", path["releaseId"], f"pipeline#{path['approval']}")
    person = invocation.payload["requestContext"]["identity"]["userArn"]
    kept = [each for each in _votes(node) if each["voter"]["S"] == person]
    decision = said["decision"] == "approve"
    if value(node, "attempt") != str(said["attempt"]):
        return  # the answer has made way for the next attempt
    if [each["approves"]["BOOL"] for each in kept] != [decision]:
        raise Violated("a_vote_that_counts_is_on_record", f"{person}: {said}, kept {kept}")
    if not decision and "message" not in said and value(node, "status") in GOING_ON:
        raise Violated("a_vote_that_counts_is_on_record", f"{person} rejected, and nothing ended")


def votes_decide_in_the_end(world: World, workflow: Workflow) -> None:
    """In the end a rejection has failed its approval, and enough votes have granted what is asked.

    Also if the votes came at the instant of the time limit, of a halt or of a cancel.
    """
    for name, node in world.stores.releases().get(workflow.release_id, {}).items():
        if "approval" not in node:
            continue
        status = value(node, "status")
        rejected, granted = value(node, "rejected_by"), count(node) >= needed(node)
        is_asked = value(node, "asked_at")
        if (rejected and status != "FAILED") or (
            granted and is_asked and not rejected and status != "SUCCEEDED"
        ):
            raise Violated("votes_decide_in_the_end", f"{name} is {status}")
        header = world.stores.item("releases", workflow.release_id, "release")
        if status == "SUCCEEDED" and value(header, "halted_by") == value(node, "pipeline"):
            raise Violated("votes_decide_in_the_end", f"{name} is granted, and halts its release")


def _is_approval(happening: Happening) -> bool:
    return bool(happening.node) and "approval" in (happening.after or {})


def _given_in_this_attempt(node: Item | None) -> int:
    """Return how many votes the audit has since the approval was opened or renewed."""
    given = 0
    for entry in (node or {})["audit"]["L"]:
        what = value(entry["M"], "what")
        if what.startswith("resumed as attempt"):
            given = 0
        given += what.startswith(("approved", "rejected: "))
    return given


def _votes(node: Item | None) -> list[dict[str, dict[str, str]]]:
    return [each["M"] for each in (node or {}).get("votes", {"L": []})["L"]]


CALLS_OF_VOTES = (
    each_vote_counts_once,
    a_vote_is_of_its_attempt,
    an_approval_is_asked_in_its_turn,
    an_approval_ends_as_its_votes_say,
)
