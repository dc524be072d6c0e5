"""What a release costs in calls to AWS: a change that makes it cost more is seen here."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult, Revision
from tests.worlds.release_world import ReleaseWorld, declaration

FEW, MANY = 2, 22


class Calls:
    """The calls that the functions make while they are counted, by service and method."""

    def __init__(self, world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        for service in ("dynamodb", "codepipeline", "step_functions"):
            monkeypatch.setattr(world, service, Counted(getattr(world, service), service, self))
        self.counts = False

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the calls in this block."""
        self.counts = True
        yield
        self.counts = False

    def of(self, service: str) -> Counter[str]:
        """How often each method of a service was called."""
        return Counter(each.partition(".")[2] for each in self.made if each.startswith(service))


class Counted:
    """A client whose calls are counted."""

    def __init__(self, client: Any, service: str, calls: Calls) -> None:
        self._client, self._service, self._calls = client, service, calls

    def __getattr__(self, name: str) -> Any:
        """Return the method of the client; each call of it is counted."""
        method = getattr(self._client, name)
        if name in {"get_paginator", "exceptions"} or not callable(method):
            return self._paginated if name == "get_paginator" else method

        def call(*args: Any, **request: Any) -> Any:
            self._count(name)
            return method(*args, **request)

        return call

    def _paginated(self, name: str) -> Any:
        self._count(name)  # each list here has one page
        return self._client.get_paginator(name)

    def _count(self, name: str) -> None:
        if self._calls.counts:
            self._calls.made.append(f"{self._service}.{name}")


def release(count: int, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Release so many pipelines, none of which depends on another; return the calls."""
    world = ReleaseWorld()
    names = [f"p{n}" for n in range(count)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    calls = Calls(world, monkeypatch)
    with calls.counted():
        arn = world.begin(*names)
    for name in names:
        token = world.step_functions.wait_for_token(arn)
        with calls.counted():
            world.run_pipeline("r", name, token)
        succeed(world, calls, name)
        assert world.settlement(token).succeeded
    with calls.counted():
        assert world.close(arn)["status"] == "SUCCEEDED"
    return calls


def succeed(world: ReleaseWorld, calls: Calls, name: str) -> None:
    """Let a pipeline succeed, and deliver the events that the rule of EventBridge delivers."""
    world.finish(world.fetch(name), ActionResult(revision=Revision("v1", "a version")))
    world.play(name)
    for event in world.undelivered():
        if event["detail"]["state"] != "STARTED":
            with calls.counted():
                world.record_state_change(event)


def of_each(service: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The calls to a service that one more pipeline costs."""
    few, many = (release(count, monkeypatch).of(service) for count in (FEW, MANY))
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}


def test_a_pipeline_costs_14_calls_to_dynamodb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock, token, start, end and settling; opening and closing use many items at once."""
    assert of_each("dynamodb", monkeypatch) == {
        "batch_get_item": 4,
        "update_item": 10,
        "transact_write_items": 0.1,  # at the opening, one for ten pipelines
        "query": 0,  # at the close, one for all
    }


def test_a_pipeline_costs_4_calls_to_codepipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its declaration, its start, its end and its actions."""
    assert of_each("codepipeline", monkeypatch) == {
        "get_pipeline": 1,
        "start_pipeline_execution": 1,
        "get_pipeline_execution": 1,
        "list_action_executions": 1,
    }


def test_a_token_is_settled_after_at_most_6_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the event of a success and its token there are six calls, one after the other."""
    world = ReleaseWorld()
    world.wait(world.begin("orders"))
    world.deliver()
    calls = Calls(world, monkeypatch)
    succeed(world, calls, "orders")
    methods = [each.partition(".")[2] for each in calls.made]
    assert methods[: methods.index("send_task_success")] == [
        "update_item",  # the state of the execution
        "batch_get_item",  # the release and the pipeline
        "get_pipeline_execution",
        "list_action_executions",
        "update_item",  # what is live now
        "update_item",  # the end of the pipeline
    ]


@pytest.mark.parametrize(
    ("fan", "calls"),
    [
        ("in", {"batch_get_item": 0, "update_item": 0}),
        ("out", {"batch_get_item": 4, "update_item": 4}),
    ],
)
def test_the_end_of_a_pipeline_costs_only_its_dependents(
    fan: str, calls: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each dependent is unblocked and started; others that are not linked to it cost nothing."""
    few, many = (linked(fan, count, monkeypatch) for count in (FEW, MANY))
    assert {name: (many[name] - few[name]) / (MANY - FEW) for name in many} == calls


def linked(fan: str, count: int, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The calls to DynamoDB at the end of the first pipeline, in a release with so many more."""
    world = ReleaseWorld()
    names = [f"p{n}" for n in range(count)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    if fan == "out":
        manifest: list[Any] = ["orders", *({"name": n, "dependsOn": ["orders"]} for n in names)]
    else:
        manifest = ["orders", *names, {"name": "catalog", "dependsOn": ["orders", *names]}]
    arn = world.begin(*manifest)
    world.wait_for_all(arn)
    world.deliver()
    calls = Calls(world, monkeypatch)
    succeed(world, calls, "orders")
    return calls.of("dynamodb")
