"""The view of a plan: verdict, table, problems."""

import pytest

from release_core.problems import MAX_REPORTED
from release_machine.views.plan_view import plan_view
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.picture_files import compare
from tools.operator.tests.views.test_pictures import PLAN, at_each_width


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
def test_plan_of_long_names(width: int) -> None:
    """A long name takes one line, and revisions keep their room."""
    catalog, orders = PLAN["pipelines"]
    first = "shop-catalog-of-the-storefront-eu-west-1"
    pipelines = [
        {**catalog, "name": first},
        {**orders, "name": "shop-orders-of-the-storefront-eu-west-1", "dependsOn": [first, "web"]},
    ]
    compare("plan-long", plan_view({**PLAN, "pipelines": pipelines}, width=width), width=width)


def test_an_approval_stands_before_what_waits_behind_it() -> None:
    """The rows are in the order of the run, and an approval names what waits behind it."""
    shown = drawn(plan_view(PLAN, width=120), width=120)
    assert shown.index("shop-catalog   ") < shown.index("\ngo-live") < shown.index("\nshop-orders")
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
    source = {**catalog["sources"][0], "wanted": revision}
    plan = {**PLAN, "pipelines": [{**catalog, "sources": [source]}]}
    shown = drawn(plan_view(plan, width=100), width=100)
    assert "3f2a9c0d5b7e… (same)" in shown
    assert shown.count("3f2a9c0d5b7e") == 1


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
    title, second, *_ = drawn(plan_view(plan, width=80), width=80).splitlines()
    assert title.endswith(f"= already released {verdict}")
    assert second.endswith(fact)
    assert "takes about" not in second
