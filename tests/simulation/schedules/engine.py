"""The scheduler: lets a step happen, with everything that follows from it at once."""

import json
from collections.abc import Callable, Mapping
from copy import replace
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.service import Refused, service
from tests.simulation.promises.endings import check_rest
from tests.simulation.scenarios import Scenario, name_of, releasing
from tests.simulation.schedules import effects
from tests.simulation.schedules.choices import next_due
from tests.simulation.schedules.steps import Step
from tests.simulation.world import machine, outside, people, requests
from tests.simulation.world.calls import Answer, Ended
from tests.simulation.world.happenings import Violated, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.world import World

# A release that has not ended after this time counts as hung.
LONGEST = timedelta(hours=12)
# When nothing else can happen, an hour passes, or a person needs a release's pipelines or submits
# it again.
NEEDED_AFTER = timedelta(hours=1)


def make_world(scenario: Scenario, *, explores: bool = True) -> World:
    """Return the world at the beginning: the first manifests have just been submitted."""
    world = World(scenario, explores=explores)
    for manifest in scenario.manifests[: scenario.at_once]:
        machine.start(world, manifest)
    return world


def take(world: World, step: Step) -> bool:
    """Let a step happen; False if another step already covers it.

    Raises Violated if it breaks a promise.
    """
    if step.costs:
        world.pay(step.costs)
    return _TAKE[step.kind](world, step) is not False


def _begin(world: World, step: Step) -> None:
    begun = world.begun(world.invocations[step.who])
    world.invoke(begun)
    if begun.point and isinstance(begun.point.next, Ended):
        effects.end(world, begun, begun.point.next)
    else:
        _go_on(world, step)


def _go_on(world: World, step: Step) -> None:
    invocation, call = effects.pending(world, step)
    effects.answer_call(world, invocation, effects.perform(world, invocation, call))


def _repeat(world: World, step: Step) -> None:
    invocation, call = effects.pending(world, step)
    effects.perform(world, invocation, call)
    world.invocations[step.who] = replace(invocation, repeats=True)
    world.current = ""  # the SDK waits before it repeats a call: others go on in between


def _late(world: World, step: Step) -> None:
    invocation, call = effects.pending(world, step)
    answer = world.stores.perform_late(call, invocation.function)
    world.reached.add("a look came late")
    effects.answer_call(world, replace(invocation, hurt=True), answer)


def _refuse(world: World, step: Step) -> None:
    invocation, call = effects.pending(world, step)
    refusal = Refused("ThrottlingException", "Rate exceeded")
    error = service(call.service).error(refusal, call.method)
    hurt = replace(invocation, hurt=True)
    effects.answer_call(world, hurt, Answer(world.stores.clock(), error=error))


def _obscure(world: World, step: Step) -> None:
    invocation, call = effects.pending(world, step)
    effects.perform(world, invocation, call)
    refusal = Refused("InternalServerError", "Internal server error", status=500)
    error = service(call.service).error(refusal, call.method)
    hurt = replace(invocation, hurt=True)
    effects.answer_call(world, hurt, Answer(world.stores.clock(), error=error))


def _crash(world: World, step: Step) -> None:
    effects.end(world, world.invocations[step.who], Ended(error=effects.Crashed()))


def _give_up(world: World, step: Step) -> None:
    machine.use_up_tries(world, world.invocations[step.who])
    _crash(world, step)


def _die(world: World, step: Step) -> bool:
    invocation, call = effects.pending(world, step)
    assert invocation.point
    point = invocation.point.after(effects.perform(world, invocation, call))
    effects.end(world, replace(invocation, point=point), Ended(error=effects.Crashed()))
    return isinstance(point.next, Ended)  # otherwise it equals a crash before the next call


def _orphan(world: World, step: Step) -> None:
    invocation = world.invocations[step.who]
    machine.ended(world, invocation, Ended(error=effects.Crashed()))
    world.invoke(replace(invocation, name=f"{invocation.name} orphan", cause="nobody"))


def _hand_in(world: World, step: Step) -> None:
    machine.start(world, world.scenario.manifests[int(step.who)])


def _roll_back(world: World, step: Step) -> None:
    machine.roll_back(world, step.who, lost=bool(step.more))


def _need(world: World, step: Step) -> None:
    release_id = step.who
    manifest = _manifest_of(world, release_id)
    _wait_until(world, world.stores.clock() + NEEDED_AFTER)
    if step.more == "resume":
        # Like the command: without a deadline in the past.
        kept = {key: value for key, value in manifest.items() if key != "deadline"}
        manifest = {**kept, "resume": True}
    elif step.more == "another":
        names = [name_of(each) for each in manifest["pipelines"]]
        manifest = releasing(*names, release_id=f"after-{release_id}", onBusy="wait")
    machine.start(world, manifest, why=f" {step.more} {release_id}")


def _hour(world: World, step: Step) -> None:
    _wait_until(world, world.stores.clock() + NEEDED_AFTER)
    world.invoke(
        Invocation(
            name=f"the hour of {step.who}",
            function="close_release",
            cause="event",
            pipeline="",
            payload={"source": "aws.events", "detail-type": "Scheduled Event"},
        )
    )


def _manifest_of(world: World, release_id: str) -> Mapping[str, Any]:
    """Return the manifest of a release: from the scenario, or of a rollback from the ledger."""
    for manifest in world.scenario.manifests:
        if manifest["releaseId"] == release_id:
            return manifest
    stored = value(world.stores.item("releases", release_id, "manifest"), "manifest")
    names = world.scenario.pipelines
    return json.loads(stored) if stored else releasing(*names, release_id=release_id)


def _lose(world: World, step: Step) -> None:
    del world.invocations[step.who]
    world.reached.add("an event was lost")


def _double(world: World, step: Step) -> None:
    event = world.invocations[step.who]
    world.invoke(replace(event, name=f"{event.name} again"))


def _play(world: World, step: Step) -> bool:
    pipeline, _, execution_id = step.who.partition("/")
    check_rest(world, pipeline, execution_id)
    done = outside.play(world, pipeline, execution_id, outcome=step.more)
    effects.deliver_events(world)
    return done


def _person_retries(world: World, step: Step) -> None:
    pipeline, _, execution_id = step.who.partition("/")
    if outside.retry(world, pipeline, execution_id):
        world.resumed |= {execution_id}
    effects.deliver_events(world)


def _person_changes(world: World, step: Step) -> None:
    outside.change(world, step.who)
    effects.deliver_events(world)


def _person_deletes(world: World, step: Step) -> None:
    outside.delete(world, step.who, replace=bool(step.more))
    effects.deliver_events(world)


def _person_starts(world: World, step: Step) -> None:
    outside.start(world, step.who)
    effects.deliver_events(world)


def _answer(world: World, step: Step) -> None:
    world.invoke(people.answer(world, step.who, approves=step.more == "approve"))


def _cancel(world: World, step: Step) -> None:
    lingers = step.costs == "linger"
    if lingers:
        world.pay("cancel")
        world.reached.add("the tasks of a stopped workflow went on")
    machine.cancel(world, step.who, vanish=bool(step.more) and not lingers, lingers=lingers)


def _ask(world: World, step: Step) -> None:
    requests.ask(world, int(step.who))


def _tasks_end(world: World, step: Step) -> None:
    machine.end_tasks(world, step.who)


def _time_out(world: World, step: Step) -> None:
    machine.time_out(world, step.who, step.more)


def _time(world: World, step: Step) -> None:
    if step.forced:
        world.waits += 1
    due = next_due(world)
    assert due is not None
    _wait_until(world, due)


def _wait_until(world: World, due: datetime) -> None:
    if due - world.began > LONGEST:
        raise Violated("every_release_ends", f"it has been waiting since {world.began}")
    world.pass_time(due)
    if any(due <= world.stores.clock() for due in world.stores.codepipeline.retries_due()):
        world.stores.change_codepipeline().tick()
        world.reached.add("CodePipeline retried a stage by itself")
        effects.deliver_events(world)


_TAKE: dict[str, Callable[[World, Step], bool | None]] = {
    "begin": _begin,
    "go on": _go_on,
    "repeat": _repeat,
    "late": _late,
    "refuse": _refuse,
    "obscure": _obscure,
    "crash": _crash,
    "give up": _give_up,
    "die": _die,
    "orphan": _orphan,
    "hand in": _hand_in,
    "roll back": _roll_back,
    "need": _need,
    "hour": _hour,
    "lose": _lose,
    "double": _double,
    "play": _play,
    "person retries": _person_retries,
    "person changes": _person_changes,
    "person deletes": _person_deletes,
    "person starts": _person_starts,
    "answer": _answer,
    "cancel": _cancel,
    "ask": _ask,
    "tasks end": _tasks_end,
    "time out": _time_out,
    "time": _time,
}
