"""The promises about a function that starts or retries an execution."""

from typing import Any

from tests.simulation.promises.attempts import what_succeeded_is_not_run_again
from tests.simulation.promises.calendars import nothing_starts_while_a_calendar_is_closed
from tests.simulation.promises.frozen import nothing_starts_in_a_freeze
from tests.simulation.promises.votes import (
    four_eyes_see_what_starts,
    nothing_starts_without_the_votes,
)
from tests.simulation.world.happenings import Happening, Violated, list_of, value
from tests.simulation.world.world import Start

_ACTIVE = {"InProgress", "Stopping"}


def runs_once_in_an_attempt(happening: Happening) -> None:
    """In one attempt of a release, a pipeline is started once, apart from retries.

    A start whose execution was deleted with its pipeline does not count.
    """
    keys = [
        (each.release_id, each.pipeline, each.attempt, each.retried)
        for each in happening.world.starts
        if each.execution_id not in happening.world.stores.deleted
    ]
    for key in keys:
        if keys.count(key) > 1:
            raise Violated("runs_once_in_an_attempt", f"{key[1]} runs twice in attempt {key[2]}")


def runs_alone(happening: Happening) -> None:
    """A release has at most one execution of a pipeline in progress."""
    new = happening.started
    if new is None:
        return
    active = [each for each in _active(happening, new.release_id) if each.pipeline == new.pipeline]
    if len(active) > 1:
        raise Violated("runs_alone", f"{new.pipeline} has {len(active)} executions under way")


def within_the_limit(happening: Happening) -> None:
    """A release has at most maxConcurrency executions in progress."""
    new = happening.started
    most = value(happening.header_of(new.release_id), "max_concurrency") if new else ""
    if new and most and len(_active(happening, new.release_id)) > int(most):
        raise Violated("within_the_limit", f"more than {most} under way")


def prepared_before_the_start(happening: Happening) -> None:
    """A pipeline starts after its token is registered, its start claimed, its dependencies done."""
    new = happening.started
    if new is None:
        return
    node = happening.node_of(new.release_id, new.pipeline)
    if not value(node, "task_token"):
        raise Violated("prepared_before_the_start", f"{new.pipeline} has no token yet")
    if value(node, "status") == "WAITING":
        raise Violated("prepared_before_the_start", f"{new.pipeline} is not claimed")
    for name in list_of(node, "depends_on"):
        status = value(happening.node_of(new.release_id, name), "status")
        if status != "SUCCEEDED":
            raise Violated("prepared_before_the_start", f"{new.pipeline}, but {name} is {status}")


def nothing_starts_after_a_visible_end(happening: Happening) -> None:
    """After the claim, the function has read that the release runs and is not halted."""
    if happening.call.method != "start_pipeline_execution" or happening.answer.error:
        return
    assert happening.invocation.point
    history = list(zip(happening.calls(), happening.invocation.point.answers, strict=True))
    for call, answer in reversed(history):
        values = call.request.get("ExpressionAttributeValues", {})
        if call.method == "update_item" and values.get(":status") == {"S": "STARTING"}:
            raise Violated("nothing_starts_after_a_visible_end", "no look after the claim")
        headers = [each for each in _items_of(answer.value) if each.get("item") == {"S": "release"}]
        if headers:
            if value(headers[0], "status") != "RUNNING" or value(headers[0], "halted_by"):
                raise Violated("nothing_starts_after_a_visible_end", "the release was over")
            return


def held_by_its_release(happening: Happening) -> None:
    """A release starts only pipelines that it holds, while its workflow runs.

    After the workflow was stopped, another release may take over the pipeline; an execution that
    the stopped one still starts is found and stopped when it is closed.
    """
    new = happening.started
    if new is None:
        return
    header = happening.header_of(new.release_id)
    holder = happening.world.stores.item("pipelines", new.pipeline)
    arn = value(header, "execution_arn")
    if happening.world.workflows[arn].ended or value(header, "status") != "RUNNING":
        return
    if value(holder, "held_by") != arn:
        raise Violated("held_by_its_release", f"{new.pipeline}: {value(holder, 'held_by')}")


def retries_are_counted(happening: Happening) -> None:
    """We retry a stage no more often than the manifest allows."""
    if happening.call.method != "retry_stage_execution" or happening.answer.error:
        return
    execution_id = happening.call.request["pipelineExecutionId"]
    start = next(each for each in happening.world.starts if each.execution_id == execution_id)
    node = happening.node_of(start.release_id, start.pipeline)
    done = happening.world.retries.count(execution_id)
    if done > int(value(node, "retries") or 0):
        raise Violated("retries_are_counted", f"{start.pipeline} was retried {done} times")


STARTS = (
    runs_once_in_an_attempt,
    runs_alone,
    within_the_limit,
    prepared_before_the_start,
    nothing_starts_after_a_visible_end,
    held_by_its_release,
    retries_are_counted,
    what_succeeded_is_not_run_again,
    nothing_starts_in_a_freeze,
    nothing_starts_while_a_calendar_is_closed,
    nothing_starts_without_the_votes,
    four_eyes_see_what_starts,
)


def _active(happening: Happening, release_id: str) -> list[Start]:
    return [
        each
        for each in happening.world.starts
        if each.release_id == release_id
        and each.execution_id not in happening.world.resumed
        and happening.world.stores.execution(each.pipeline, each.execution_id).status in _ACTIVE
    ]


def _items_of(response: Any) -> list[dict[str, dict[str, str]]]:
    match response:
        case {"Responses": {"releases": list(items)}} | {"Items": list(items)}:
            return items
    return []
