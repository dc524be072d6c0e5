"""The manifest of a rollback: earlier revisions, reversed order, and what it leaves out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain.release import Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.domain.revisions import Good, Revision
from release_core.errors import RollbackRefused
from release_core.manifest.checks import examine
from release_core.manifest.limits import MAX_ID
from release_core.rollback.manifest import (
    Rollback,
    rollback_ids,
    rollback_manifest,
)
from release_core.rollback.refusals import refuse_rollback

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PINNED = Revision(artifact="App", revision="c0ffee", action="Source", type="COMMIT_ID")
UNKNOWN = Revision(artifact="App", revision="c0ffee", action="Source")


def a_good(*revisions: Revision, **variables: str) -> Good:
    """The success of release v1."""
    return Good(
        release_id="v1", execution_id="e1", at=NOW, revisions=revisions, variables=variables
    )


def a_pipeline(name: str, *depends_on: str, position: int = 0, **more: Any) -> Pipeline:
    """A pipeline that ran, and had succeeded in an earlier release."""
    known = {
        "status": PipelineStatus.SUCCEEDED,
        "execution_id": f"of {name}",
        "previous_good": a_good(PINNED),
        **more,
    }
    return Pipeline(name=name, position=position, depends_on=depends_on, **known)


def a_release(*pipelines: Pipeline, **more: Any) -> Release:
    """Release v2, which failed."""
    known = {"status": ReleaseStatus.FAILED, **more}
    return Release(
        release_id="v2",
        execution_arn="arn",
        manifest_sha256="",
        opened_at=NOW,
        pipelines={each.name: each for each in pipelines},
        **known,
    )


def roll_back(release: Release, **how: Any) -> Rollback:
    """The rollback of a release, with the id v2-rollback."""
    return rollback_manifest(release, rollback_id="v2-rollback", **how)


def entries(rollback: Rollback) -> list[dict[str, Any]]:
    """The pipelines of a rollback's manifest."""
    assert rollback.manifest is not None
    found: list[dict[str, Any]] = rollback.manifest["pipelines"]
    return found


def orders(rollback: Rollback) -> dict[str, list[str]]:
    """The dependencies of each pipeline of a rollback."""
    return {each["name"]: each.get("dependsOn", []) for each in entries(rollback)}


def test_the_manifest_has_the_earlier_revisions_and_variables() -> None:
    """Revisions and variables come from the earlier success, limits from the pipeline."""
    image = Revision(artifact="I", revision="sha256:1", action="Image", type="IMAGE_DIGEST")
    release = a_release(
        a_pipeline(
            "orders",
            previous_good=a_good(PINNED, image, STAGE="prod"),
            retries=2,
            time_limit=timedelta(minutes=90),
        ),
        max_concurrency=3,
    )
    assert roll_back(release).manifest == {
        "releaseId": "v2-rollback",
        "rollbackOf": "v2",
        "pipelines": [
            {
                "name": "orders",
                "timeoutMinutes": 90,
                "retries": 2,
                "variables": {"STAGE": "prod"},
                "sourceRevisions": [
                    {
                        "actionName": "Source",
                        "revisionType": "COMMIT_ID",
                        "revisionValue": "c0ffee",
                    },
                    {
                        "actionName": "Image",
                        "revisionType": "IMAGE_DIGEST",
                        "revisionValue": "sha256:1",
                    },
                ],
            }
        ],
        "onFailure": "continue",
        "maxConcurrency": 3,
    }


def test_it_waits_for_pipelines_only_if_asked_to() -> None:
    """An automatic rollback waits for pipelines; one that a person requests does not."""
    release = a_release(a_pipeline("orders"))
    assert (roll_back(release, waits=True).manifest or {})["onBusy"] == "wait"
    assert "onBusy" not in (roll_back(release).manifest or {})


def test_the_manifest_has_only_what_aws_accepts() -> None:
    """An action with two artifacts gets one pin, and empty variables are left out."""
    twice = [Revision(artifact=a, revision="1", action="S", type="COMMIT_ID") for a in ("A", "B")]
    release = a_release(a_pipeline("orders", previous_good=a_good(*twice, EMPTY="")))
    (entry,) = entries(roll_back(release))
    assert len(entry["sourceRevisions"]) == 1
    assert "variables" not in entry


def test_the_order_is_reversed() -> None:
    """Pipelines roll back in the reverse order."""
    release = a_release(
        a_pipeline("catalog"),
        a_pipeline("orders", "catalog", position=1),
        a_pipeline("storefront", "orders", "catalog", position=2),
    )
    assert orders(roll_back(release)) == {
        "storefront": [],
        "orders": ["storefront"],
        "catalog": ["storefront", "orders"],
    }


def test_the_order_skips_omitted_pipelines() -> None:
    """The reverse order also holds between pipelines that depend on each other indirectly."""
    release = a_release(
        a_pipeline("catalog"),
        a_pipeline("orders", "catalog", position=1, previous_good=None),
        a_pipeline("mail", "orders", position=2, execution_id=None),
        a_pipeline("storefront", "mail", position=3),
    )
    rollback = roll_back(release)
    assert orders(rollback) == {"storefront": [], "catalog": ["storefront"]}
    assert rollback.left_alone == ("mail",)
    assert rollback.nothing_good == {
        "orders": "no release has succeeded in this pipeline before v2"
    }


@pytest.mark.parametrize(
    "ran",
    [
        {"execution_id": "e", "status": PipelineStatus.STOPPED},
        {"earlier_executions": ("e",)},
        {"ran_before": True, "status": PipelineStatus.SKIPPED},
        {"status": PipelineStatus.STARTING},
    ],
    ids=("stopped", "started over", "in an earlier attempt", "perhaps"),
)
def test_every_pipeline_that_ran_is_rolled_back(ran: dict[str, Any]) -> None:
    """A pipeline that ran in any attempt, or may have run, is rolled back."""
    release = a_release(a_pipeline("orders", **{"execution_id": None, **ran}))
    assert list(roll_back(release).wanted) == ["orders"]


@pytest.mark.parametrize(
    ("good", "why"),
    [
        (None, "no release has succeeded in this pipeline before v2"),
        (a_good(), "the last good release v1 has no revisions on record"),
        (
            a_good(PINNED, UNKNOWN),
            "revision c0ffee of Source in release v1 is of a kind that cannot be pinned",
        ),
        (
            a_good(PINNED, replace(PINNED, action="Config", revision="")),
            "the revision of Config in release v1 has no id on record",
        ),
    ],
    ids=("nothing", "without revisions", "half known", "without an id"),
)
def test_nothing_is_guessed(good: Good | None, why: str) -> None:
    """A pipeline without a complete earlier record is omitted, with the reason."""
    rollback = roll_back(a_release(a_pipeline("orders", previous_good=good)))
    assert rollback.manifest is None
    assert rollback.nothing_good == {"orders": why}
    assert str(rollback) == f"there is nothing to roll back in release v2:\n- orders: {why}"


def test_a_release_in_which_nothing_ran_has_nothing_to_roll_back() -> None:
    """A release whose pipelines were all skipped has no rollback."""
    skipped = a_pipeline("orders", execution_id=None, status=PipelineStatus.SKIPPED)
    rollback = roll_back(a_release(skipped))
    assert rollback.manifest is None
    assert str(rollback) == (
        "there is nothing to roll back in release v2: none of its pipelines has run"
    )


def test_a_pipeline_that_a_later_release_ran_is_a_conflict() -> None:
    """A conflict is omitted and named, unless over_later is set."""
    release = a_release(a_pipeline("catalog"), a_pipeline("orders", position=1))
    rollback = roll_back(release, later={"orders": "v3", "other": "v3"})
    assert list(rollback.wanted) == ["catalog"]
    assert rollback.conflicts == {"orders": "v3"}
    assert str(rollback) == (
        "release v2-rollback rolls back: catalog. Not rolled back:\n"
        "- orders: release v3 has run this pipeline since"
    )
    over = roll_back(release, later={"orders": "v3"}, over_later=True)
    assert list(over.wanted) == ["orders", "catalog"]
    assert over.conflicts == {"orders": "v3"}
    assert str(over) == "release v2-rollback rolls back: orders, catalog"


def test_the_text_stays_short() -> None:
    """The text fits into a failure's cause, even for thousands of pipelines."""
    names = [f"{number:0100}" for number in range(1000)]
    many = [a_pipeline(name, position=place) for place, name in enumerate(names)]
    bad = [a_pipeline(f"x{name[1:]}", previous_good=None) for name in names]
    text = str(roll_back(a_release(*many, *bad)))
    assert len(text) < 20_000
    assert "and 950 more" in text


def test_rollback_ids_are_counted_and_fit() -> None:
    """The first id ends with -rollback, later ones are numbered, and none is too long."""
    ids = rollback_ids("v2")
    assert [next(ids) for _ in range(3)] == ["v2-rollback", "v2-rollback-2", "v2-rollback-3"]
    long = rollback_ids("x" * MAX_ID)
    first, second = next(long), next(long)
    assert (len(first), len(second)) == (MAX_ID, MAX_ID)
    assert first.endswith("x-rollback")
    assert second.endswith("x-rollback-2")


@pytest.mark.parametrize(
    ("release", "says"),
    [
        (None, "there is no release v2 to roll back"),
        (a_release(status=ReleaseStatus.RUNNING), "Cancel it or wait until it has ended"),
        (
            a_release(rollback_of="v1"),
            "a rollback cannot be rolled back. If v2 did not succeed, retry it",
        ),
    ],
    ids=("none", "running", "a rollback"),
)
def test_an_invalid_rollback_is_rejected_with_what_to_do(
    release: Release | None, says: str
) -> None:
    """An unknown release, a running one, and a rollback are rejected with a way out."""
    with pytest.raises(RollbackRefused, match=says):
        refuse_rollback(release, "v2")


def test_a_rollback_has_only_pipelines_of_its_release() -> None:
    """Pipelines that the release never had are named in the rejection, up to a limit."""
    release = a_release(a_pipeline("orders"), a_pipeline("catalog"))
    assert refuse_rollback(release, "v2", pipelines=["catalog"]) is release
    says = (
        r"release v2 does not have these pipelines: payments, mail\. Remove them, or .*rollbackOf"
    )
    with pytest.raises(RollbackRefused, match=says):
        refuse_rollback(release, "v2", pipelines=["payments", "orders", "mail"])
    with pytest.raises(RollbackRefused, match="p49 and 950 more"):
        refuse_rollback(release, "v2", pipelines=[f"p{number}" for number in range(1000)])


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED"])
def test_every_ended_release_can_be_rolled_back(status: str) -> None:
    """A person can roll back a release, however it ended."""
    release = a_release(status=ReleaseStatus(status))
    assert refuse_rollback(release, "v2") is release


@st.composite
def releases(draw: st.DrawFn) -> Release:
    """A release of up to eight pipelines in any order, with any history."""
    names = [f"p{number}" for number in range(draw(st.integers(1, 8)))]
    pipelines = []
    for place, name in enumerate(names):
        before = draw(st.sets(st.sampled_from(names[:place]))) if place else set()
        pipelines.append(
            a_pipeline(
                name,
                *sorted(before),
                execution_id=draw(st.sampled_from([None, "e"])),
                previous_good=draw(
                    st.sampled_from([None, a_good(), a_good(UNKNOWN), a_good(PINNED, A="b")])
                ),
            )
        )
    positions = draw(st.permutations(range(len(names))))
    return a_release(
        *(
            Pipeline(**{**vars(each), "position": position})
            for each, position in zip(pipelines, positions, strict=True)
        )
    )


def closure(graph: dict[str, list[str]]) -> set[tuple[str, str]]:
    """All pairs (name, direct or indirect dependency)."""
    found: set[tuple[str, str]] = set()
    for name in TopologicalSorter(graph).static_order():
        for before in graph.get(name, ()):
            found |= {(name, before)} | {(name, far) for near, far in found if near == before}
    return found


@given(release=releases(), data=st.data())
def test_every_rollback_is_a_valid_manifest_in_reverse_order(
    release: Release, data: st.DataObject
) -> None:
    """For any release: a valid manifest of what can roll back, each after its dependents."""
    names = sorted(release.pipelines)
    later = dict.fromkeys(data.draw(st.sets(st.sampled_from(names))), "v3")
    over_later = data.draw(st.booleans())
    rollback = roll_back(release, later=later, over_later=over_later)

    told = [*rollback.left_alone, *rollback.nothing_good]
    if not over_later:
        told += [name for name in rollback.conflicts if name not in rollback.nothing_good]
    assert sorted([*told, *rollback.wanted]) == names
    assert set(rollback.left_alone) == {
        name for name in names if not release.pipelines[name].execution_id
    }
    assert all(release.pipelines[name].previous_good for name in rollback.wanted)
    if rollback.manifest is None:
        assert not rollback.wanted
        return
    manifest, problems = examine(rollback.manifest, declared=None)
    assert manifest is not None
    assert problems == []
    assert manifest.rollback_of == "v2"
    forwards = closure({name: list(release.pipelines[name].depends_on) for name in names})
    backwards = closure(orders(rollback))
    wanted = set(rollback.wanted)
    assert backwards == {(b, a) for a, b in forwards if {a, b} <= wanted}
