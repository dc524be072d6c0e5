"""Approvals of a manifest: one name space with the pipelines, and clear errors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release_core.errors import ManifestInvalid
from release_core.manifest.checks import examine, refuse_unproved, unproved
from release_core.manifest.model import Manifest

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def document(*approvals: Any, **more: Any) -> dict[str, Any]:
    """A manifest of ``orders`` and then ``catalog``, which these approvals are part of."""
    pipelines = ["orders", {"name": "catalog", "dependsOn": ["orders"]}]
    return {"releaseId": "r", "pipelines": pipelines, "approvals": list(approvals), **more}


def problems(*approvals: Any, **more: Any) -> list[str]:
    """The problems of a manifest with these approvals."""
    return list(map(str, examine(document(*approvals, **more), declared=None)[1]))


def manifest(*approvals: Any, **more: Any) -> Manifest:
    """The manifest with these approvals, which is valid."""
    found, wrong = examine(document(*approvals, **more), declared=None)
    assert found
    assert not wrong
    return found


def test_an_approval_needs_only_a_name() -> None:
    """One person approves, four eyes are needed, and it does not expire."""
    (approval,) = manifest({"name": "go-live"}).approvals
    assert (approval.min_approvals, approval.four_eyes) == (1, True)
    assert (approval.question, approval.expires_after) == (None, None)


def test_nodes_are_the_pipelines_and_then_the_approvals() -> None:
    """Names stay the pipelines only: what is locked, read and counted."""
    found = manifest({"name": "a"}, {"name": "b", "dependsOn": ["a", "orders"]})
    assert found.names == ("orders", "catalog")
    assert [each.name for each in found.nodes] == ["orders", "catalog", "a", "b"]


def test_approvals_are_part_of_the_identity() -> None:
    """The same pipelines with another approval, or another setting of it, are another release."""
    hashes = {
        manifest().sha256,
        manifest({"name": "go-live"}).sha256,
        manifest({"name": "go-live", "fourEyes": False}).sha256,
        manifest({"name": "go-live", "question": "Go?"}).sha256,
    }
    assert len(hashes) == 4
    without = {"releaseId": "r", "pipelines": document()["pipelines"]}
    assert examine(without, declared=None)[0] == manifest()
    assert "approvals" not in json.loads(manifest().canonical)


@pytest.mark.parametrize(
    ("approvals", "says"),
    [
        (
            [{"name": "orders"}],
            "approvals[0].name: 'orders' is a pipeline of this release; use another name",
        ),
        (
            [{"name": "a"}, {"name": "a"}],
            "approvals[1].name: 'a' is listed more than once",
        ),
        (
            [{"name": "a", "minApprovals": 21}],
            "approvals[0].minApprovals: must be a whole number from 1 to 20",
        ),
        (
            [{"name": "a", "minApprovals": 0}],
            "approvals[0].minApprovals: must be a whole number from 1 to 20",
        ),
        (
            [{"name": "a", "expiresAfterMinutes": 525_601}],
            "approvals[0].expiresAfterMinutes: must be a whole number from 1 to 525,600",
        ),
        ([{"name": "a", "fourEyes": "no"}], "approvals[0].fourEyes: must be true or false"),
        ([{"name": "a", "question": ""}], "approvals[0].question: must not be empty"),
        (
            [{"name": "a", "question": "x" * 1001}],
            "approvals[0].question: must have at most 1,000 characters",
        ),
        (
            [{"name": "a", "question": "Go\u202e?"}],
            "approvals[0].question: must be a text without control characters, in one line or more",
        ),
        (["a"], "approvals[0]: must be an object with a `name`"),
        ([{}], "approvals[0].name: is required"),
        (
            [{"name": "a", "dependson": []}],
            "approvals[0].dependson: unknown key; did you mean `dependsOn`?",
        ),
        (
            [{"name": "a", "dependsOn": ["order"]}],
            (
                "approvals[0].dependsOn[0]: 'order' is not a pipeline or approval of this release; "
                "did you mean `orders`?"
            ),
        ),
        ([{"name": "a", "dependsOn": ["a"]}], "approvals[0].dependsOn: 'a' depends on itself"),
        (
            [{"name": f"a{n}"} for n in range(101)],
            "approvals: must have at most 100 entries",
        ),
    ],
)
def test_each_problem_has_its_path_and_a_way_out(approvals: list[Any], says: str) -> None:
    """Nothing of the library's text reaches a person."""
    assert problems(*approvals) == [says]


@pytest.mark.parametrize("name", [".", "..", "-go-live", ".go-live"])
def test_a_name_that_cannot_be_sent_is_refused(name: str) -> None:
    """A path is normalized before it is signed, and a command takes -go-live as an option."""
    (problem,) = problems({"name": name})
    assert problem.startswith("approvals[0].name: must be the name of an approval: ")
    assert problem.endswith("the first is not `.` or `-`")


@pytest.mark.parametrize("name", ["_go-live", "@go", "g.", "1-"])
def test_other_names_can_be_sent(name: str) -> None:
    """These are as they are in a path and in a command."""
    assert manifest({"name": name}).approvals[0].name == name


def test_a_circle_through_an_approval_is_found() -> None:
    """It is named with the approval in it."""
    circle = document({"name": "go", "dependsOn": ["catalog"]})
    circle["pipelines"][0] = {"name": "orders", "dependsOn": ["go"]}
    (problem,) = map(str, examine(circle, declared=None)[1])
    assert problem.startswith("pipelines: dependencies form a cycle, remove one of them: ")
    assert set(problem.rpartition(": ")[2].split(" -> ")) == {"orders", "catalog", "go"}


def test_a_question_may_have_lines() -> None:
    """And every letter that people write."""
    question = "Is it ready?\n\u2013 caf\u00e9 \u8a9e \U0001f600"
    assert manifest({"name": "a", "question": question}).approvals[0].question == question


def test_a_rollback_has_no_approvals() -> None:
    """It waits for nobody."""
    assert problems({"name": "a"}, rollbackOf="q") == [
        "approvals: a rollback waits for no approval; remove them"
    ]


def test_an_approval_does_not_expire_after_the_deadline() -> None:
    """Counted from the hand-in, or from notBefore; a release that waits stays valid."""
    late = manifest({"name": "a", "expiresAfterMinutes": 61}, deadline="2026-11-22T11:00:00Z")
    assert str(late.untimely(NOW)) == (
        "approvals[0].expiresAfterMinutes: the deadline, 2026-11-22T11:00:00Z, comes first; use a "
        "number up to 60, a later deadline, or remove it: the deadline counts here, too"
    )
    fits = manifest({"name": "a", "expiresAfterMinutes": 60}, deadline="2026-11-22T11:00:00Z")
    assert fits.untimely(NOW) is None
    assert fits.untimely(NOW + timedelta(minutes=30), came_at=NOW) is None
    held = manifest(
        {"name": "a", "expiresAfterMinutes": 60},
        notBefore="2026-11-22T10:30:00Z",
        deadline="2026-11-22T11:00:00Z",
    )
    assert "use a number up to 30," in str(held.untimely(NOW))
    again = manifest(
        {"name": "a", "expiresAfterMinutes": 61}, deadline="2026-11-22T11:00:00Z", resume=True
    )
    assert again.untimely(NOW) is None


def test_four_eyes_need_the_door_that_proves_who_asks() -> None:
    """Another door is refused, with both ways out; what is granted already needs no proof."""
    asks = manifest({"name": "a"}, {"name": "b", "fourEyes": False})
    assert unproved(asks, "api") == []
    assert unproved(asks, "direct", granted=["a"]) == []
    with pytest.raises(ManifestInvalid) as refused:
        refuse_unproved(asks, "s3")
    (line,) = str(refused.value).splitlines()[1:]
    assert line == (
        "- approvals[0].fourEyes: approval 'a' needs four eyes, and only the API proves who asks "
        'for a release; use release-machine submit --via api, or add "fourEyes": false here'
    )
