"""The view of a plan: verdict, table, problems."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from release_core.problems import MAX_REPORTED
from release_machine.text.wording import times_in
from release_machine.views.plan_view import plan_view
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.picture_files import compare
from tools.operator.tests.samples.plan_samples import PLAN, of_old_deployment

at_each_width = pytest.mark.parametrize("width", [60, 80, 120])


@at_each_width
def test_plan(width: int) -> None:
    """A plan shows the order, times, revisions and problems."""
    compare("plan", plan_view(PLAN, width=width), width=width)


@at_each_width
def test_a_shortened_plan(width: int) -> None:
    """The plan in the output of an execution may have few details of each pipeline."""
    kept = ("name", "dependsOn", "problems", "warnings")
    short = [{key: each[key] for key in kept} for each in PLAN["pipelines"]]
    note = "the plan is too large for an execution's output"
    plan = {**PLAN, "valid": True, "problems": [], "warnings": [note], "pipelines": short}
    compare("plan-shortened", plan_view(plan, width=width), width=width)


@at_each_width
def test_a_plan_of_an_older_deployment(width: int) -> None:
    """Its dry run says only what was shipped last, and what the manifest pins."""
    compare("plan-old", plan_view(of_old_deployment(), width=width), width=width)


@at_each_width
def test_every_kind_of_change(width: int) -> None:
    """Nothing live, no change, by hand, by CodePipeline, unknown, and a pipeline that is done."""
    compare("plan-changes", plan_view(every_kind_of_change(), width=width), width=width)


@at_each_width
def test_plan_of_long_names(width: int) -> None:
    """No name is cut: a line that is too long goes on below."""
    catalog, orders = PLAN["pipelines"]
    first = "shop-catalog-of-the-storefront-eu-west-1"
    pipelines = [
        {**catalog, "name": first},
        {**orders, "name": "shop-orders-of-the-storefront-eu-west-1", "dependsOn": [first, "web"]},
    ]
    compare("plan-long", plan_view({**PLAN, "pipelines": pipelines}, width=width), width=width)


def test_the_notes_of_a_plan_are_for_people() -> None:
    """They name persons in place of ARNs, and have the zone of the other times."""
    frozen = (
        "is frozen until 2026-11-22T10:00:00.645Z by arn:aws:iam::000000000000:user/alice, and "
        "starts then: big sale"
    )
    catalog = {**PLAN["pipelines"][0], "warnings": [frozen]}
    with times_in(timezone(timedelta(hours=1))):
        shown = drawn(plan_view({**PLAN, "pipelines": [catalog]}, width=140), width=140)
    assert "is frozen until 2026-11-22T11:00:00+01:00 by alice, and starts then" in shown


def test_an_approval_stands_before_what_waits_behind_it() -> None:
    """The rows are in the order of the run, and an approval names what waits behind it."""
    shown = drawn(plan_view(PLAN, width=120), width=120)
    places = [shown.index(f"\n{each}  ") for each in ("shop-catalog", "go-live", "shop-orders")]
    assert places == sorted(places)
    assert "behind it: shop-orders" in shown
    assert "within 48 h" in shown


def test_a_cycle() -> None:
    """A plan that is not valid may have a cycle; its rows are shown all the same."""
    catalog, orders = PLAN["pipelines"]
    plan = {**PLAN, "pipelines": [{**catalog, "dependsOn": ["shop-orders"]}, orders]}
    shown = drawn(plan_view(plan, width=120), width=120)
    assert all(f"\n{name} " in shown for name in ("shop-catalog", "shop-orders", "go-live"))


def test_the_same_revision_is_written_once() -> None:
    """An unchanged revision is shown once."""
    (catalog, _), revision = PLAN["pipelines"], "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204"
    source = {**catalog["sources"][0], "wanted": revision, "ships": revision, "changes": False}
    plan = {**PLAN, "pipelines": [{**catalog, "sources": [source]}]}
    shown = drawn(plan_view(plan, width=100), width=100)
    assert "  =  3f2a9c0d5b7e…  Prices with tax · same revision · pinned" in shown
    assert shown.count("3f2a9c0d5b7e") == 1


def test_revisions_with_the_same_beginning_are_not_cut() -> None:
    """Otherwise they would look the same."""
    catalog, _ = PLAN["pipelines"]
    first, second = ("3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204", "3f2a9c0d5b7e" + "f" * 28)
    source = {**catalog["sources"][0], "current": first, "wanted": None, "ships": second}
    plan = {**PLAN, "pipelines": [{**catalog, "sources": [source]}]}
    shown = drawn(plan_view(plan, width=100), width=100)
    assert f"  -  {first}" in shown
    assert f"  +  {second}" in shown


def test_a_rolled_back_build_comes_first() -> None:
    """It is named before the pipelines, and marked at its revision."""
    shown = " ".join(drawn(plan_view(PLAN, width=80), width=80).split())
    danger = shown.index("ROLLED BACK BEFORE ✘ shop-orders: would ship AGAIN")
    assert danger < shown.index("go-live")
    assert "! Source: 3sL4kqtJlcpX… Orders of several" in shown


def test_a_warning_of_several_pipelines() -> None:
    """A warning that several pipelines have is written once, with their names."""
    first, second = PLAN["pipelines"]
    warned = [{**first, "warnings": ["a", "b"]}, {**second, "warnings": ["b"]}]
    several = range(MAX_REPORTED + 3)
    many = [{**first, "name": f"p{number}", "warnings": ["c"]} for number in several]
    shown = drawn(plan_view({**PLAN, "pipelines": [*warned, *many]}, width=160), width=160)
    names = ", ".join(each["name"] for each in many[:MAX_REPORTED])
    assert "- shop-catalog: a\n- shop-catalog, shop-orders: b\n" in shown
    assert f"- {names} and 3 more: c" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("usual", "kind", "why"),
    [
        ((80, None), "V2", ": shop-orders has no successful run"),
        ((80, None), None, ""),
        ((80, 90), "V2", ""),
    ],
)
def test_an_unknown_duration(usual: tuple[int | None, ...], kind: str | None, why: str) -> None:
    """The pipeline without a successful run is named, if there is one."""
    pipelines = [
        {**each, "type": kind, "usualSeconds": seconds}
        for each, seconds in zip(PLAN["pipelines"], usual, strict=True)
    ]
    plan = {**PLAN, "expectedSeconds": None, "criticalPath": [], "pipelines": pipelines}
    lines = drawn(plan_view(plan, width=100), width=100).splitlines()
    assert f"expected duration unknown{why}" in [line.rstrip() for line in lines]


@pytest.mark.parametrize(
    ("standing", "verdict", "fact"),
    [
        (("CANCELLED", None), "(CANCELLED): nothing would run", "retry 2026.11.22-2"),
        (("SUCCEEDED", None), "(SUCCEEDED): nothing would run", ""),
        (("FAILED", "x"), "(FAILED): nothing would run", "it was rolled back by release x"),
    ],
)
def test_plan_of_a_release_that_exists(
    standing: tuple[str, str | None], verdict: str, fact: str
) -> None:
    """The plan says that nothing would run, and names the command for the rest."""
    already = dict(zip(("status", "rolledBackBy"), standing, strict=True))
    plan = {**PLAN, "valid": True, "problems": [], "alreadyReleased": already}
    title, about, second, *_ = drawn(plan_view(plan, width=80), width=80).splitlines()
    assert title.endswith(f"= already released {verdict}")
    assert about == "hotfix  Round prices down"
    assert second.endswith(fact)
    assert "takes about" not in second


def test_plan_of_a_release_whose_pins_failed() -> None:
    """A retry is not proposed: only a corrected manifest helps."""
    already = {"status": "FAILED", "rolledBackBy": None, "needsNewManifest": True}
    plan = {**PLAN, "valid": True, "problems": [], "alreadyReleased": already}
    told = drawn(plan_view(plan, width=80), width=80)
    assert "a retry would use the same pins: correct them, and give it a new releaseId" in told
    assert "release-machine retry" not in told


def test_plan_of_a_rollback_that_changes_nothing() -> None:
    """The verdict does not say that it would be released."""
    title = drawn(plan_view({**PLAN, "valid": True}, width=80, idle=True), width=80).splitlines()[0]
    assert title.endswith("= nothing would change")


def every_kind_of_change() -> dict[str, Any]:
    """A plan with a pipeline of each kind."""
    catalog, _ = PLAN["pipelines"]
    source = catalog["sources"][0]
    live = catalog["live"]
    person = "arn:aws:sts::123456789012:assumed-role/Admin/carol"
    kinds: dict[str, dict[str, Any]] = {
        "shop-new": {"live": None, "sources": [{**source, "current": None}]},
        "shop-same": {
            "changes": False,
            "sources": [{**source, "wanted": None, "ships": source["current"], "changes": False}],
        },
        "shop-by-hand": {
            "live": {**live, "releaseId": None, "by": person, "trigger": "StartPipelineExecution"},
            "changes": None,
            "sources": [
                {
                    **source,
                    "wanted": None,
                    "ships": None,
                    "changes": None,
                    "message": None,
                    "author": None,
                    "madeAt": None,
                    "note": "revisions of CodeStarSourceConnection cannot be looked up",
                }
            ],
        },
        "shop-by-rule": {"live": {**live, "releaseId": None, "by": None, "trigger": "WebhookV2"}},
        "shop-restored": {
            "live": {
                **live,
                "by": None,
                "trigger": "AutomatedRollback",
                "restoredBy": "9f8e7d6c-0009",
            },
        },
        "shop-restored-same": {
            "live": {
                **live,
                "by": None,
                "trigger": "AutomatedRollback",
                "restoredBy": "9f8e7d6c-0009",
            },
            "changes": None,
            "sources": [{**source, "ships": source["current"], "changes": False}],
            "warnings": [
                (
                    "ships the revisions that are live, but CodePipeline went back to them in one "
                    "stage only"
                )
            ],
        },
        "shop-variables": {
            "variables": ["STAGE"],
            "sources": [{**source, "ships": source["current"], "changes": False}],
            "warnings": ["ships the revisions that are live, with other values of its variables"],
        },
        "shop-unknown": {
            "live": None,
            "liveUnknown": "GetPipelineExecution is not allowed",
            "changes": None,
            "sources": [{**source, "current": None, "currentMessage": None, "changes": None}],
        },
        "shop-done": {"runs": False, "changes": False},
    }
    pipelines = [{**catalog, "name": name, "variables": [], **more} for name, more in kinds.items()]
    return {**PLAN, "valid": True, "problems": [], "approvals": [], "pipelines": pipelines}
