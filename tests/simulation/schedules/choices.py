"""What may happen next in a world: ordinary steps, and the faults that the budgets allow."""

from collections.abc import Iterator
from datetime import datetime

from tests.simulation.schedules.steps import Step
from tests.simulation.world import people
from tests.simulation.world.calls import Call
from tests.simulation.world.happenings import value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.machine import GIVE_UP
from tests.simulation.world.stores import CHANGES_CODEPIPELINE, CHANGES_DYNAMODB, LATE_READS
from tests.simulation.world.workflow import TOLD_ENDINGS, Workflow
from tests.simulation.world.world import World

_TELLS = {"send_task_success", "send_task_failure", "put_events"}
_CHANGES = CHANGES_CODEPIPELINE | CHANGES_DYNAMODB | _TELLS


def enabled(world: World) -> list[Step]:
    """Return the possible next steps, ordinary ones first; empty at the end of the schedule."""
    if undisturbed := _undisturbed(world):
        return [Step("go on", undisturbed.name), *_faults_if_any(world, undisturbed)]
    steps = list(_ordinary(world))
    if not steps and next_due(world) is None:
        return list(_at_last(world))
    if not steps:
        steps = [Step("time", "passes", forced=True)]
    return steps + list(_optional(world))


def only_step(world: World) -> Step | None:
    """Return the next call of a function that nothing can interrupt or harm there, if any."""
    if _undisturbed(world) is None:
        return None
    steps = enabled(world)
    return steps[0] if len(steps) == 1 else None


def _undisturbed(world: World) -> Invocation | None:
    """Return the function that is in the middle and cannot be interrupted there, if any."""
    current = world.invocations.get(world.current)
    if not world.scenario.interrupted or current is None or current.point is None:
        return None
    for each in world.scenario.interrupted:
        function, _, text = each.partition(" ")
        if current.function == function and text in str(current.point.next):
            return None
    return current


def _faults_if_any(world: World, invocation: Invocation) -> Iterator[Step]:
    if world.budgets["faults"]:
        yield from _faults_of(world, invocation)


def _at_last(world: World) -> Iterator[Step]:
    """Yield the steps that find a release whose workflow ended without a close or announcement.

    Without events of its pipelines and without requests for it, nothing else finds it. It can be
    left like that only if the event of a stop was lost.
    """
    for release_id, items in world.stores.releases().items():
        if "unannounced" in items.get("release", {}):
            yield Step("hour", release_id, forced=True)  # the bus refused the event of a rejection
    if not world.spent("unheard"):
        return
    for release_id, items in world.stores.releases().items():
        header = items.get("release")
        arn, status = value(header, "execution_arn"), value(header, "status")
        if not status or status == "REJECTED" or not world.workflows[arn].ended:
            continue
        if status == "RUNNING" or not value(header, "announced_at"):
            yield Step("hour", release_id, forced=True)
        if status == "RUNNING":
            yield Step("need", release_id, "another", forced=True)
            yield Step("need", release_id, "resume", forced=True)
        if not value(header, "announced_at"):
            yield Step("need", release_id, "again", forced=True)


def next_due(world: World) -> datetime | None:
    """Return the next time at which something is due by itself, or None."""
    now = world.stores.clock()
    dues = [each.due for each in world.invocations.values() if each.due and not each.point]
    dues += [task.due for each in world.workflows.values() for task in each.waiting if task.due]
    dues += world.stores.codepipeline.retries_due()
    return min((due for due in dues if due > now), default=None)


def _ordinary(world: World) -> Iterator[Step]:
    yield from _functions(world)
    for execution, stage in _executions_that_run(world):
        for outcome, _, only in (each.partition(" ") for each in world.scenario.outcomes):
            is_possible = outcome != "supersede" or stage == "Source"
            if is_possible and execution.startswith(f"{only}/" if only else ""):
                yield Step("play", execution, outcome)
    now = world.stores.clock()
    for workflow in world.workflows.values():
        for task in workflow.waiting:
            if task.due and task.due <= now:
                yield Step("time out", workflow.arn, task.pipeline)
        if workflow.stage == "RollBackRelease":
            yield Step("roll back", workflow.arn)
        if workflow.lingers:
            yield Step("tasks end", workflow.arn)
    if world.handed_in < len(world.scenario.manifests):
        yield Step("hand in", str(world.handed_in))
    yield from _answers(world, certain=True)


def _answers(world: World, *, certain: bool) -> Iterator[Step]:
    """Yield the answers of people who are asked, if it is `certain` that they answer, or if not."""
    given = [each for each in world.scenario.answers if each != "nothing"]
    if certain == (given == [*world.scenario.answers]):
        for who in people.asked(world):
            for answer in given:
                yield Step("answer", who, answer)
    if not certain and world.budgets["answer"]:
        for who in people.not_asked(world):
            for answer in given:
                yield Step("answer", who, answer, costs="answer")


def _functions(world: World) -> Iterator[Step]:
    """Yield the next call of each function; interrupting one may cost a preemption."""
    running = sorted(world.running(), key=lambda each: (each.name != world.current, each.name))
    costs = ""
    if "preempt" in world.budgets and running and running[0].name == world.current:
        yield Step("go on", running[0].name)
        if not world.budgets["preempt"]:
            return
        costs = "preempt"
        running = running[1:]
    for each in running:
        yield Step("go on", each.name, costs=costs)
    for each in sorted(world.waiting(), key=lambda each: each.name):
        yield Step("begin", each.name, costs=costs)


def _executions_that_run(world: World) -> list[tuple[str, str]]:
    """Return each execution that runs an action, with its stage."""
    running = {
        (f"{action.pipeline}/{action.execution_id}", action.stage)
        for action in world.stores.codepipeline.actions.values()
    }
    return sorted(running)


def _optional(world: World) -> Iterator[Step]:
    yield from _from_outside(world)
    yield from _answers(world, certain=False)
    if not world.budgets["faults"]:
        return
    for each in world.running():
        yield from _faults_of(world, each)
    yield from _lost_answers(world)
    for each in world.waiting():
        if world.affords("double") and each.cause == "event" and not each.name.endswith("again"):
            yield Step("double", each.name, costs="double")
        if world.affords("lose") and each.function == "record_state_change":
            yield Step("lose", each.name, costs="lose")
        if world.affords("unheard") and each.name.startswith(TOLD_ENDINGS) and each.tries == 1:
            yield Step("lose", each.name, costs="unheard")
        if world.affords("crash"):
            yield Step("crash", each.name, costs="crash")
    if world.affords("time"):
        due = next_due(world)
        if due and all(each.deadline > due for each in world.running() if each.deadline):
            yield Step("time", "passes", costs="time")


def _lost_answers(world: World) -> Iterator[Step]:
    if world.affords("obscure"):
        for workflow in world.workflows.values():
            if workflow.stage == "RollBackRelease":
                yield Step("roll back", workflow.arn, "and lose the answer", costs="obscure")


def _from_outside(world: World) -> Iterator[Step]:
    if world.budgets["cancel"]:
        for workflow in world.workflows.values():
            if not workflow.ended and workflow.name in (world.scenario.cancelled or workflow.name):
                yield from _cancels(world, workflow)
    if world.budgets["ask"]:
        number = len(world.scenario.requests) - world.budgets["ask"]
        yield Step("ask", str(number), world.scenario.requests[number], costs="ask")
    yield from _in_the_console(world)


def _in_the_console(world: World) -> Iterator[Step]:
    """Yield what a person may do to the pipelines."""
    if world.budgets["change"]:
        for name in sorted({start.pipeline for start in world.starts}):
            yield Step("person changes", name, costs="change")
    if world.budgets["delete"]:
        for name in sorted(_deletable(world)):
            yield Step("person deletes", name, costs="delete")
            yield Step("person deletes", name, "and creates it again", costs="delete")
    if world.budgets["start"]:
        for name in world.scenario.pipelines:
            yield Step("person starts", name, costs="start")
    if world.budgets["person"]:
        yield from _retries(world)


def _retries(world: World) -> Iterator[Step]:
    for start in world.starts:
        if start.execution_id in world.stores.deleted:
            continue
        execution = world.stores.execution(start.pipeline, start.execution_id)
        if execution.status in {"Failed", "Stopped"}:
            yield Step("person retries", f"{start.pipeline}/{start.execution_id}", costs="person")


def _deletable(world: World) -> set[str]:
    """Return the pipelines that run and were not stopped.

    CodePipeline sends no event of the end of a stopped execution that is deleted, and a closed
    release has no task that looks at it.
    """
    return {
        start.pipeline
        for start in world.starts
        if world.stores.execution(start.pipeline, start.execution_id).status == "InProgress"
    }


def _cancels(world: World, workflow: Workflow) -> Iterator[Step]:
    yield Step("cancel", workflow.arn, costs="cancel")
    if any(each.arn == workflow.arn and not each.point for each in world.waiting()):
        yield Step("cancel", workflow.arn, "before it invokes more", costs="cancel")
    if workflow.stage == "RunPipelines" and world.affords("linger"):
        yield Step("cancel", workflow.arn, "but not yet its tasks", costs="linger")


def _faults_of(world: World, each: Invocation) -> Iterator[Step]:
    assert each.point
    call = each.point.next
    assert isinstance(call, Call)
    kinds = ["crash", "refuse"]
    if call.method in _CHANGES:
        kinds += ["obscure", "die"]
        if call.method != "retry_stage_execution":  # the SDK must not repeat it
            kinds.append("repeat")
    if world.stores.shows_earlier and (
        call.method in LATE_READS
        or (call.method == "stop_pipeline_execution" and world.stores.does_not_find(call))
    ):
        kinds.append("late")
    if each.cause != "event" and world.affords("orphan"):
        kinds.append("orphan")
    if each.cause == "RunPipelines" and not each.name.startswith(GIVE_UP):
        kinds.append("give up")
    for kind in kinds:
        if world.affords(kind):
            yield Step(kind, each.name, str(call), costs=kind)
