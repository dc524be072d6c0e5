"""Random releases and random schedules, drawn so that hypothesis can shrink both."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.simulation.promises.endings import check_end
from tests.simulation.scenarios import FAULTS, Scenario, asking, in_minutes, name_of, releasing
from tests.simulation.schedules.choices import enabled
from tests.simulation.schedules.engine import make_world, take
from tests.simulation.schedules.explore import Failed
from tests.simulation.schedules.steps import Step
from tests.simulation.world.happenings import Violated
from tests.simulation.world.world import World

NAMES = tuple("abcdefghijkl")
# While faults are left, one step in this many is a fault or comes from outside.
_RARELY = 12

# What a person may ask: mostly nothing.
_REQUESTS = (
    ("freeze * 30",),
    ("freeze * 30", "lift *"),
    ("freeze a 30", "freeze * 20", "lift a"),
    ("freeze * 90", "override r"),
    ("override r", "freeze * 30"),
)
# How people may answer; without "nothing" they do, in time or late.
_ANSWERS = st.sampled_from((("approve",), ("approve", "reject"), ("approve", "reject", "nothing")))

type Choose = Callable[[int], int]


@st.composite
def scenarios(draw: Any) -> Scenario:
    """Return a release of up to twelve pipelines, mostly small, and what may happen to it."""
    size = draw(st.sampled_from((1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 6, 12)))
    pipelines = [_pipeline(draw, position) for position in range(size)]
    policies = ("halt", "continue", "stop", "rollback", "rollback")
    policy: dict[str, Any] = {"onFailure": draw(st.sampled_from(policies))}
    if draw(st.booleans()):
        policy["maxConcurrency"] = draw(st.integers(1, 3))
    if draw(st.integers(0, 7)) == 7:
        policy["stopMode"] = "abandon"
    begins = 0
    if draw(st.integers(0, 7)) == 7:
        begins = draw(st.integers(1, 90))
        policy |= {"notBefore": in_minutes(begins), "holdLocks": draw(st.booleans())}
    if draw(st.integers(0, 7)) == 7:
        policy["deadline"] = in_minutes(begins + draw(st.integers(1, 90)))
    answers: dict[str, Any] = {}
    if draw(st.integers(0, 5)) == 5:
        answers = {"extra_answers": draw(st.integers(0, 2)), "answers": draw(_ANSWERS)}
        policy["approvals"] = _approvals(draw, pipelines, expires="nothing" in answers["answers"])
    manifests = [releasing(*pipelines, **policy)]
    more = draw(st.sampled_from((*["nothing"] * 6, "resume", "resume", "another", "twice")))
    if more == "resume":
        manifests.append({**manifests[0], "resume": True})
    elif more == "twice":
        manifests.append(manifests[0])
    elif more == "another":
        manifests.append(releasing(NAMES[0], release_id="s", onBusy="wait"))
    asked = draw(st.sampled_from((*[()] * 6, *_REQUESTS)))
    kinds = draw(st.lists(st.sampled_from(sorted(FAULTS)), max_size=4))
    return Scenario(
        name="drawn",
        manifests=tuple(manifests),
        at_once=draw(st.integers(1, len(manifests))),
        faults={kind: kinds.count(kind) for kind in kinds},
        most_faults=len(kinds),
        cancels=draw(st.sampled_from((0, 0, 1))),
        person_retries=draw(st.sampled_from((0, 0, 0, 1))),
        person_changes=draw(st.sampled_from((0, 0, 0, 0, 1))),
        requests=asked,
        good=_good(draw, size) if policy["onFailure"] == "rollback" else (),
        **answers,
    )


def _good(draw: Any, size: int) -> tuple[str, ...]:
    """Return the pipelines in which an earlier release has succeeded: mostly most of them."""
    names = NAMES[:size]
    without = draw(st.lists(st.sampled_from(names), max_size=2))
    return tuple(name for name in names if name not in without)


def _approvals(draw: Any, pipelines: list[Any], *, expires: bool) -> list[dict[str, Any]]:
    """Return one approval or two, each between some of the pipelines, which are changed."""
    approvals: list[dict[str, Any]] = []
    for name in ("go", "ok")[: draw(st.integers(1, 2))]:
        place = draw(st.integers(0, len(pipelines)))
        before = [name_of(each) for each in pipelines[:place]]
        after = draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []
        more: dict[str, Any] = {"minApprovals": draw(st.sampled_from((1, 1, 2)))}
        if expires or draw(st.booleans()):
            more["expiresAfterMinutes"] = draw(st.integers(1, 90))
        approvals.append(asking(name, *after, **more))
        for position in range(place, len(pipelines)):
            if draw(st.booleans()):
                entry = pipelines[position]
                entry = {"name": entry} if isinstance(entry, str) else entry
                entry["dependsOn"] = [*entry.get("dependsOn", ()), name]
                pipelines[position] = entry
    return approvals


def _pipeline(draw: Any, position: int) -> Any:
    name = NAMES[position]
    more: dict[str, Any] = {}
    if position and draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(NAMES[:position]), max_size=2, unique=True))
        if chosen:
            more["dependsOn"] = chosen
    if draw(st.integers(0, 5)) == 5:
        more["retries"] = draw(st.integers(1, 2))
    if draw(st.integers(0, 9)) == 9:
        more["timeoutMinutes"] = draw(st.integers(1, 90))
    return {"name": name, **more} if more else name


def run(scenario: Scenario, choose: Choose) -> World:
    """Run one schedule; ``choose`` draws a number below the given one, and 0 is the most ordinary.

    Raises Failed if the schedule breaks a promise.
    """
    world = make_world(scenario, explores=False)
    path: list[tuple[int, Step]] = []
    try:
        while steps := enabled(world):
            number = _choose(steps, choose)
            path.append((number, steps[number]))
            take(world, steps[number])
        check_end(world)
        world.steps = len(path)
    except Violated as violated:
        raise Failed(scenario, violated, path) from None
    return world


def _choose(steps: list[Step], choose: Choose) -> int:
    ordinary = sum(not step.costs for step in steps)
    if ordinary < len(steps) and choose(_RARELY) == _RARELY - 1:
        return ordinary + choose(len(steps) - ordinary)
    return choose(ordinary) if ordinary > 1 else 0
