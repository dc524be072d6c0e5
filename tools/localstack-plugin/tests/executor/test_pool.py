"""The pool of environments: shared, limited in number, and reclaimed."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.pool import Pool
from localstack_process_executor.specification import FunctionSpec, Request

SpecMaker = Callable[..., FunctionSpec]

WHO_AM_I = """
import os, time
def handler(event, context):
    time.sleep(event or 0)
    return os.getpid()
"""
LIMIT = 3


@pytest.fixture
def pool(server: ForkServer) -> Iterator[Pool]:
    """A pool of at most three environments."""
    pool = Pool(server, limit=LIMIT)
    specs: list[FunctionSpec] = []
    join = pool.join

    def remember(user: str, spec: FunctionSpec) -> None:
        specs.append(spec)
        join(user, spec)

    pool.join = remember  # type: ignore[method-assign] # so that the test's environments end with it
    yield pool
    for spec in specs:
        pool.leave("test", spec)


def answer(pool: Pool, spec: FunctionSpec, event: Any = None) -> Any:
    """The result of an invocation."""
    request = Request("id-1", "arn", json.dumps(event).encode())
    return json.loads(pool.invoke(spec, request).payload)


def test_one_process_serves_one_after_another(pool: Pool, make_spec: SpecMaker) -> None:
    """Invocations that do not overlap share one process."""
    spec = make_spec(WHO_AM_I)
    pool.join("test", spec)
    assert len({answer(pool, spec) for _ in range(5)}) == 1
    assert pool.counts() == {"environments": 1, "idle": 1, "limit": LIMIT}


def test_many_invocations_share_few_processes(pool: Pool, make_spec: SpecMaker) -> None:
    """Thirty invocations at once are all answered by no more processes than the limit."""
    spec = make_spec(WHO_AM_I)
    pool.join("test", spec)
    with ThreadPoolExecutor(30) as threads:
        pids = list(threads.map(lambda _: answer(pool, spec, 0.02), range(30)))
    assert all(isinstance(pid, int) for pid in pids)
    assert len(set(pids)) <= LIMIT
    assert pool.counts()["environments"] <= LIMIT


def test_an_idle_process_makes_room_for_another_function(pool: Pool, make_spec: SpecMaker) -> None:
    """At the limit, the process that was idle longest ends to make room for another function."""
    specs = [make_spec(WHO_AM_I, name=f"function{number}") for number in range(LIMIT + 1)]
    for spec in specs:
        pool.join("test", spec)
    pids = [answer(pool, spec) for spec in specs]
    assert pool.counts()["environments"] == LIMIT
    assert [answer(pool, spec) for spec in reversed(specs[1:])] == list(reversed(pids[1:]))
    assert answer(pool, specs[0]) != pids[0]


def test_a_version_without_users_loses_its_processes(pool: Pool, make_spec: SpecMaker) -> None:
    """A version's idle processes end when its last user leaves, not before."""
    spec = make_spec(WHO_AM_I)
    pool.join("test", spec)
    pool.join("other", spec)
    answer(pool, spec)
    pool.leave("other", spec)
    assert pool.counts()["environments"] == 1
    pool.leave("test", spec)
    assert pool.counts()["environments"] == 0


def test_a_crashed_process_is_not_used_again(pool: Pool, make_spec: SpecMaker) -> None:
    """After a crash the next invocation gets a new process."""
    spec = make_spec(
        """
        import os
        def handler(event, context):
            if event:
                os._exit(1)
            return os.getpid()
        """
    )
    pool.join("test", spec)
    first = answer(pool, spec)
    assert answer(pool, spec, "crash")["errorType"] == "Runtime.ExitError"
    assert pool.counts()["environments"] == 0
    assert answer(pool, spec) != first
