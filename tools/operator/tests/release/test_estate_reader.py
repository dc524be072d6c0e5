"""The estate is read with few calls, and says what could not be read."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from release_core.clock import to_iso
from release_core.ledger.dynamodb import to_attributes
from release_core.strict_json import write_json
from release_machine.errors import UnreachableError
from release_machine.release.estate import Estate, EstatePipeline, Standing
from tests.worlds.release_world import ReleaseWorld
from tests.worlds.rollbacks import PERSON, by_hand, run, start_by_hand
from tools.operator.tests.samples.estate_world import estate_reader as reader
from tools.operator.tests.samples.estate_world import world_after_a_release
from tools.operator.tests.samples.fake_deployment import refusal

PIPELINES = 1000


@dataclass
class Counted:
    """A client of AWS whose calls are counted, and how many of them were made at the same time."""

    client: Any
    takes: float = 0
    calls: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method of the client."""
        method = getattr(self.client, name)

        def call(*given: Any, **request: Any) -> Any:
            with self.lock:
                self.calls[name] += 1
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                time.sleep(self.takes)
                return method(*given, **request)
            finally:
                with self.lock:
                    self.at_once -= 1

        return call


def by_name(estate: Estate) -> dict[str, EstatePipeline]:
    """The pipelines of an estate."""
    return {each.name: each for each in estate.pipelines}


@pytest.fixture
def world() -> ReleaseWorld:
    """An account in which release v1 has shipped ``orders``."""
    return world_after_a_release()


def test_what_is_live_runs_waits_and_has_failed(world: ReleaseWorld) -> None:
    """A release runs one, another one waits for it; one was shipped by hand, and one failed."""
    by_hand(world, "by hand", "payments")
    run(world, "v2", "catalog", bad="catalog")
    world.clock.advance(timedelta(minutes=1))
    running = world.begin("orders", release_id="v3")
    world.wait(running, "orders", "v3")
    waiting = world.start('{"releaseId": "v4", "pipelines": ["orders"], "onBusy": "wait"}')
    assert world.open_release(waiting)["outcome"] == "BUSY"

    found = by_name(reader(world).pipelines())
    orders, payments, catalog = (found[name] for name in ("orders", "payments", "catalog"))
    assert orders.live is not None
    assert (orders.release_id, orders.live.good.release_id) == ("v3", "v1")
    assert [each.release_id for each in orders.queue] == ["v4"]
    assert orders.standings == (Standing.RUNNING, Standing.WAITING)
    assert orders.outside == ()
    assert payments.live is not None
    assert (payments.live.good.release_id, payments.live.by) == (None, PERSON)
    assert payments.standings == ()
    assert catalog.failure is not None
    assert (catalog.failure.release_id, catalog.live) == ("v2", None)
    assert catalog.failed is not None
    assert catalog.failed.release_id == "v2"


def test_what_runs_outside_releases(world: ReleaseWorld) -> None:
    """It is named with the execution and who started it."""
    execution_id = start_by_hand(world, "orders")
    (run_by_hand,) = by_name(reader(world).pipelines(["orders"]))["orders"].outside
    assert (run_by_hand.execution_id, run_by_hand.release_id) == (execution_id, None)
    assert run_by_hand.by == PERSON


def test_a_release_that_is_held_is_known_to_its_pipelines(world: ReleaseWorld) -> None:
    """Also if it has no place in their queues; what it needs is in its manifest."""
    start = to_iso(world.clock() + timedelta(hours=2))
    later = {"releaseId": "later", "pipelines": ["orders"], "notBefore": start}
    arn = world.start(write_json(later))
    assert world.open_release(arn)["outcome"] == "HELD"
    (held,) = by_name(reader(world, pipelines_of=lambda _: ["orders"]).pipelines())["orders"].held
    assert (held.kind, held.release_id) == ("notBefore", "later")
    unread = reader(world).pipelines()
    assert by_name(unread)["orders"].held == ()
    assert any("later" in each for each in unread.unread)


@pytest.mark.parametrize(
    ("scopes", "names"),
    [
        (["or*"], ["orders"]),
        (["orders", "catalog"], ["catalog", "orders"]),
        (["*o*"], ["catalog", "orders", "storefront"]),
    ],
)
def test_some_pipelines(world: ReleaseWorld, scopes: Collection[str], names: list[str]) -> None:
    """Names and patterns choose; the others are not read."""
    client = Counted(world.codepipeline)
    estate = reader(world, codepipeline=client).pipelines(scopes)
    assert [each.name for each in estate.pipelines] == names
    assert client.calls["list_pipeline_executions"] == len(estate.pipelines)


def test_a_name_that_no_pipeline_has(world: ReleaseWorld) -> None:
    """It is told with the nearest name, also where the pipelines cannot be listed."""
    assert reader(world).pipelines(["order"]).unknown == {"order": "orders"}
    estate = reader(world, codepipeline=Refusing(world, "list_pipelines")).pipelines(["order"])
    assert estate.unknown == {"order": "orders"}


def test_a_deleted_pipeline(world: ReleaseWorld) -> None:
    """It is on record, and no call is made for it."""
    world.codepipeline.delete_pipeline(name="orders")
    client = Counted(world.codepipeline)
    found = by_name(reader(world, codepipeline=client).pipelines())["orders"]
    assert (found.exists, found.unread, found.live) == (False, None, None)
    assert client.calls["list_pipeline_executions"] == len(
        world.codepipeline.list_pipelines()["pipelines"]
    )


class Rewritten:
    """CodePipeline that lists other ends of executions: each with its status, newest first."""

    def __init__(self, world: ReleaseWorld, ends: dict[str, tuple[str, timedelta]]) -> None:
        self._client: Any = world.codepipeline
        self._now, self._ends = world.clock(), ends

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        summaries = [
            {
                "pipelineExecutionId": name,
                "status": status,
                "startTime": self._now,
                "lastUpdateTime": self._now + after,
            }
            for name, (status, after) in self._ends.items()
        ]
        return {"pipelineExecutionSummaries": summaries}


def test_who_has_started_what_failed_last(world: ReleaseWorld) -> None:
    """An execution that was started earlier may fail later; then its release is named."""
    run(world, "v2", "orders")
    of_v2, of_v1 = (
        each["pipelineExecutionId"]
        for each in world.codepipeline.list_pipeline_executions(pipelineName="orders")[
            "pipelineExecutionSummaries"
        ]
    )
    ends = {
        "stopped": ("Stopped", timedelta(minutes=9)),
        "by hand": ("Failed", timedelta(minutes=1)),
        of_v2: ("Cancelled", timedelta(minutes=2)),
        of_v1: ("Failed", timedelta(minutes=3)),
    }
    estate = reader(world, codepipeline=Rewritten(world, ends)).pipelines(["orders"])
    failure = by_name(estate)["orders"].failure
    assert failure is not None
    assert (failure.release_id, failure.execution_id) == ("v1", of_v1)


class Refusing:
    """CodePipeline that refuses an operation, for a pipeline or for all."""

    def __init__(self, world: ReleaseWorld, refused: str, name: str | None = None) -> None:
        self._client: Any = world.codepipeline
        self._refused, self._name = refused, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_paginator(self, method: str) -> Any:
        if method == self._refused:
            raise refusal("AccessDeniedException", "ListPipelines")
        return self._client.get_paginator(method)

    def list_pipeline_executions(self, **asked: Any) -> Any:
        if self._refused == "list_pipeline_executions" and asked["pipelineName"] == self._name:
            raise refusal("AccessDeniedException", "ListPipelineExecutions")
        return self._client.list_pipeline_executions(**asked)


def test_pipelines_that_may_not_be_listed(world: ReleaseWorld) -> None:
    """Those on record are shown, and the sentence says what may be missing."""
    estate = reader(world, codepipeline=Refusing(world, "list_pipelines")).pipelines()
    assert [*by_name(estate)] == ["orders"]
    assert " ".join(estate.unread) == (
        "ListPipelines was refused (AccessDeniedException): "
        "pipelines that no release has run may be missing."
    )


@pytest.mark.parametrize(
    "error",
    [
        refusal("AccessDeniedException", "GetFunctionConfiguration"),
        UnreachableError("The function was deployed by another version.", "Deploy again."),
    ],
)
def test_patterns_that_cannot_be_read(world: ReleaseWorld, error: Exception) -> None:
    """Those on record are shown, and the sentence says what may be missing."""

    def refused() -> Collection[str]:
        raise error

    estate = reader(world, patterns=refused).pipelines()
    assert [*by_name(estate)] == ["orders"]
    assert "may be missing" in estate.unread[0]


def test_a_pipeline_that_may_not_be_read(world: ReleaseWorld) -> None:
    """It has the reason, and what the ledger knows of it; the others are read."""
    arn = world.begin("orders", release_id="v2")
    world.wait(arn, "orders", "v2")
    client = Refusing(world, "list_pipeline_executions", "orders")
    found = by_name(reader(world, codepipeline=client).pipelines())
    assert found["orders"].unread == "ListPipelineExecutions was refused (AccessDeniedException)"
    assert (found["orders"].release_id, found["orders"].standings) == ("v2", (Standing.RUNNING,))
    assert found["payments"].unread is None


class NoScan:
    """DynamoDB that refuses to scan."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def scan(self, **_: Any) -> Any:
        raise refusal("AccessDeniedException", "Scan")


def test_a_ledger_that_may_not_be_searched(world: ReleaseWorld) -> None:
    """The pipelines that CodePipeline lists are looked up by their names."""
    world.codepipeline.delete_pipeline(name="catalog")
    estate = reader(world, dynamodb=NoScan(world.client)).pipelines()
    live = by_name(estate)["orders"].live
    assert live is not None
    assert live.good.release_id == "v1"
    assert "catalog" not in by_name(estate)
    assert "The ledger's list of pipelines could not be read" in estate.unread[0]


class Thousand:
    """CodePipeline with very many pipelines, each of which has one execution."""

    def __init__(self, world: ReleaseWorld) -> None:
        self._at = world.clock()
        self.pages = 0

    def get_paginator(self, method: str) -> Any:
        assert method == "list_pipelines"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        self.pages += 1
        return [{"pipelines": [{"name": f"p{number:04}"} for number in range(PIPELINES)]}]

    def list_pipeline_executions(self, **asked: Any) -> dict[str, Any]:
        summary = {
            "pipelineExecutionId": f"execution of {asked['pipelineName']}",
            "status": "Succeeded",
            "startTime": self._at,
            "lastUpdateTime": self._at,
        }
        return {"pipelineExecutionSummaries": [summary]}


def test_a_thousand_pipelines(world: ReleaseWorld) -> None:
    """One call of CodePipeline for each, eight at a time; the ledger is read in batches."""
    for number in range(PIPELINES):
        good = {
            "release_id": "v1",
            "execution_id": f"execution of p{number:04}",
            "at": to_iso(world.clock()),
            "revisions": [],
        }
        item = {"pipeline": f"p{number:04}", "latest_release": "v1", "last_good": good}
        world.client.put_item(TableName="pipelines", Item=to_attributes(item))
    codepipeline = Counted(Thousand(world), takes=0.005)
    dynamodb = Counted(world.client)
    estate = reader(world, codepipeline=codepipeline, dynamodb=dynamodb).pipelines(["p*"])
    assert len(estate.pipelines) == PIPELINES
    assert all(each.live and not each.unread for each in estate.pipelines)
    assert codepipeline.calls == {"get_paginator": 1, "list_pipeline_executions": PIPELINES}
    assert codepipeline.most_at_once == 8
    assert dynamodb.calls["scan"] == 1
    assert dynamodb.calls["query"] == 1
    assert dynamodb.calls["batch_get_item"] < PIPELINES / 20
