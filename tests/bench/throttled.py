"""A release of many pipelines while CodePipeline accepts few calls a minute."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.bench.counting import counted, work_of_release
from tests.bench.graphs import flat
from tests.bench.tables import Goal, Table
from tests.bench.workload import MAKERS, Run, Workload, own_workload


@dataclass(frozen=True, kw_only=True)
class Throttled:
    """How many pipelines, and how many calls of an operation CodePipeline accepts a minute."""

    pipelines: int
    starts: int
    reads: int
    burst: int = 5

    @property
    def least_seconds(self) -> float:
        """What the calls alone take, when none is refused."""
        return (self.pipelines - self.burst) * 60 * (1 / self.starts + 1 / self.reads)


# The reads alone take longer than open_release reads in one invocation.
MEASURED = Throttled(pipelines=300, starts=20, reads=120)
SHORT = Throttled(pipelines=8, starts=60, reads=120)


def measure(*, short: bool) -> list[Table]:
    """Release pipelines that do not depend on each other and end at once."""
    given = SHORT if short else MEASURED
    with own_workload() as workload, counted(workload.account):
        names = workload.pipelines(given.pipelines)
        limit, burst = workload.faults.limit, given.burst
        with (
            limit("StartPipelineExecution", per_minute=given.starts, burst=burst),
            limit("GetPipeline", per_minute=given.reads, burst=burst),
        ):
            run = workload.release(flat(names))
        starts = _executions_since(workload, run, names)
        works = work_of_release(workload.account, since=run.started, pipelines=len(names))
    calls = sum(each.calls["codepipeline.StartPipelineExecution"] for each in works.values())
    openings = works["open_release"].invocations
    return [
        Table(
            caption=f"{given.pipelines} pipelines, {given.starts} starts and {given.reads} reads of"
            " declarations a minute.",
            head=(
                "",
                "release, s",
                "least that the calls take, s",
                "starts sent",
                "executions",
                "invocations of open_release",
            ),
            rows=[
                (
                    "release machine",
                    f"{run.seconds:.0f}",
                    f"{given.least_seconds:.0f}",
                    str(calls),
                    str(sum(starts)),
                    str(openings),
                )
            ],
            goals=[
                Goal("Executions of one pipeline", max(starts), 1),
                Goal("Executions of one pipeline", min(starts), 1, at_most=False),
            ],
        )
    ]


def _executions_since(workload: Workload, run: Run, names: list[str]) -> list[int]:
    """Return how many executions of each pipeline have begun since the release began."""

    def count(name: str) -> int:
        pages = workload.account.codepipeline.get_paginator("list_pipeline_executions")
        return sum(
            each["startTime"] >= run.started
            for page in pages.paginate(pipelineName=name)
            for each in page["pipelineExecutionSummaries"]
        )

    with ThreadPoolExecutor(MAKERS) as threads:
        return list(threads.map(count, names))
