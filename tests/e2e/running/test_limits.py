"""maxConcurrency bounds what is in flight, exactly, and a freed slot is taken at once."""

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

LIMIT = 2


def test_a_freed_slot_is_taken_and_no_more(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Of five pipelines two run; with each that ends one starts, until all have run."""
    names = [pipelines.make(approval=True) for _ in range(5)]
    release_id = unique("slots")

    arn = releases.start(manifest(release_id, *names, maxConcurrency=LIMIT))

    left = set(names)
    while left:
        running = asking(pipelines, left, min(LIMIT, len(left)))
        assert {name for name in names if pipelines.unfinished(name)} == running
        ended = min(running)
        pipelines.approve(ended, releases.started(release_id, ended))
        left.remove(ended)
        wait_for_end(pipelines, ended)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert [len(pipelines.executions(name)) for name in names] == [1] * len(names)
    assert "in_flight" not in ledger.header(release_id)


def asking(pipelines: Pipelines, names: set[str], count: int) -> set[str]:
    """Wait until so many of the pipelines ask for approval; answers which."""

    def found() -> set[str] | None:
        running = {name for name in names if pipelines.unfinished(name)}
        asking = {name for name in running if pipelines.asks_for_approval(name)}
        return asking if len(asking) == count else None

    return wait_until(f"{count} ask for approval", found)


def wait_for_end(pipelines: Pipelines, name: str) -> None:
    """Wait until no execution of a pipeline runs."""
    wait_until(f"{name} ends", lambda: not pipelines.unfinished(name))


def test_the_limit_holds_while_many_functions_advance(
    releases: Releases, pipelines: Pipelines
) -> None:
    """Six pipelines that end by themselves are never more than two at once: CodePipeline's word.

    All six tasks, and the event of every end, look for a free slot at the same time.
    """
    names = [pipelines.make() for _ in range(6)]

    arn = releases.start(manifest(unique("many"), *names, maxConcurrency=LIMIT))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    executions = [execution for name in names for execution in pipelines.executions(name)]
    assert len(executions) == len(names)
    spans = [(each["startTime"], each["lastUpdateTime"]) for each in executions]
    for moment, _ in spans:
        assert sum(start <= moment < end for start, end in spans) <= LIMIT
