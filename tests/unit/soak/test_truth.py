"""A soak finds each kind of untruth, and nothing where all is true."""

from typing import Any

import pytest

from tests.soak.truth import Seen, untruths, vanished

HEADER = {
    "release_id": "r", "item": "release", "status": "SUCCEEDED", "announced_at": "now"
}  # fmt: skip
NODE = {"item": "pipeline#a", "pipeline": "a", "status": "SUCCEEDED", "execution_id": "e"}


def seen(
    *,
    header: dict[str, Any] | None = None,
    node: dict[str, Any] | None = None,
    record: dict[str, Any] | None = None,
    lock: dict[str, Any] | None = None,
    shown: dict[str, str] | None = None,
    ours: set[str] | None = None,
) -> Seen:
    """A release of one pipeline that is true but for what is given."""
    return Seen(
        releases={"r": [HEADER | (header or {}), {"release_id": "r", **NODE, **(node or {})}]},
        executions=[{"execution_id": "e", "release_id": "r"} | (record or {})],
        pipelines=[{"pipeline": "a", **(lock or {})}],
        shown={"a": shown or {"e": "Succeeded"}},
        ours={"a": ours or {"e"}},
    )


def test_what_is_true_is_no_untruth() -> None:
    """A release that succeeded as CodePipeline shows it."""
    assert untruths(seen()) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"header": {"status": "RUNNING"}}, "release r is RUNNING"),
        ({"header": {"announced_at": None}}, "was not announced"),
        ({"header": {"in_flight": {"a"}}}, "has the slots of ['a']"),
        ({"node": {"status": "RUNNING"}}, "has nodes ['RUNNING']"),
        ({"header": {"status": "FAILED"}}, "release r is FAILED with {'SUCCEEDED': 1}"),
        ({"node": {"status": "FAILED"}}, "release r is SUCCEEDED with {'FAILED': 1}"),
        ({"node": {"execution_id": None}}, "without an execution"),
        ({"shown": {"e": "Failed"}}, "CodePipeline shows Failed for e"),
        ({"ours": {"e", "twice"}}, "execution twice of a belongs to ['no release']"),
        ({"record": {"release_id": None}}, "execution e of a belongs to ['no release', 'r']"),
        ({"record": {"release_id": "s"}}, "execution e of a belongs to ['r', 's']"),
        ({"shown": {"e": "Succeeded", "x": "InProgress"}}, "execution x of a is InProgress"),
        ({"lock": {"held_by": "w"}}, "a is locked by w"),
        ({"lock": {"queue": {"w"}}}, "has the queue {'w'}"),
    ],
)
def test_each_untruth_is_found(given: dict[str, Any], says: str) -> None:
    """One thing is not as it must be."""
    assert [each for each in untruths(seen(**given)) if says in each]


def test_executions_of_earlier_attempts_and_starts_have_their_owner() -> None:
    """A pipeline may have run in an earlier attempt, or been started over."""
    node = {"attempts": [{"execution_id": "before"}], "earlier_executions": ["over"]}
    shown = {"e": "Succeeded", "before": "Failed", "over": "Failed"}
    given = seen(node=node, shown=shown, ours={"e", "before", "over"})
    given.executions.extend(
        {"execution_id": each, "release_id": "r"} for each in ("before", "over")
    )
    assert untruths(given) == []


def test_nothing_waits_to_be_opened() -> None:
    """A release that is held or waits for busy pipelines has its workflow execution's item."""
    waiting = seen()
    waiting.releases["arn"] = [{"release_id": "arn", "item": "execution", "listing": "pending"}]
    assert untruths(waiting) == ["arn waits to be opened"]


def test_what_was_handed_in_is_a_release_or_was_rejected() -> None:
    """A manifest of which nothing became has vanished."""
    rejected = {"release_id": "arn", "item": "release", "status": "REJECTED"}
    assert vanished(seen(), ["r"]) == []
    assert vanished(seen(), ["r", "s"]) == ["1 of 2 are no releases, and 0 were stopped before"]
    with_rejection = seen()
    with_rejection.releases["arn"] = [rejected]
    assert vanished(with_rejection, ["r", "s"]) == []
    assert untruths(with_rejection) == []
    stopped = seen()
    stopped.releases["arn"] = [{"release_id": "arn", "item": "execution", "ended": "ABORTED"}]
    assert vanished(stopped, ["r", "s"]) == []
