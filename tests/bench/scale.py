"""Scale: time, calls and memory of releases of ten to a thousand pipelines, flat and in layers."""

import math
import os
from collections.abc import Mapping

from tests.bench.counting import counted, work_of_release
from tests.bench.graphs import Graph, flat, layered
from tests.bench.tables import Goal, Table
from tests.bench.workload import LONGEST_SECONDS, Workload, own_workload
from tests.e2e.account.waiting import WaitedInVainError

# SIZES=10,100 in the environment chooses others.
SIZES, SHORT_SIZES = "10,100,200,1000", "4"
AT_BOTH_ENDS = ("open_release", "close_release")
# Two rows, and how many times the second one's time the first one may take.
GOALS = (("200 in layers of 15", "200 flat", 1.5), ("1000 flat", "100 flat", 11.0))


def measure(*, short: bool) -> list[Table]:
    """Release each size flat, then in layers."""
    sizes = SHORT_SIZES if short else os.environ.get("SIZES", SIZES)
    rows = []
    with own_workload() as workload, counted(workload.account):
        _row(workload, "", flat(workload.pipelines(1)))  # starts the processes of the functions
        for size in map(int, sizes.split(",")):
            names = workload.pipelines(size)
            rows.append(_row(workload, f"{size} flat", flat(names)))
            width = math.ceil(math.sqrt(size))
            rows.append(_row(workload, f"{size} in layers of {width}", layered(names, width)))
    return [
        Table(
            caption="Pipelines that end at once, so that only the release machine and the platform"
            " take time. Memory is the peak of the largest process.",
            head=(
                "",
                "release, s",
                "ms for each pipeline",
                "DynamoDB calls for each",
                "CodePipeline calls for each",
                "memory to open and close, MB",
                "memory of the others, MB",
            ),
            rows=rows,
            goals=_goals({row[0]: row[1] for row in rows}),
        )
    ]


def _goals(seconds: Mapping[str, str]) -> list[Goal]:
    """Return the goals whose two rows were measured."""
    return [
        Goal(f"{one}, times {other}", float(seconds[one]) / float(seconds[other]), limit)
        for one, other, limit in GOALS
        if all(seconds.get(name, "").replace(".", "").isdecimal() for name in (one, other))
    ]


def _row(workload: Workload, name: str, graph: Graph) -> tuple[str, ...]:
    arn, size = workload.start(graph), len(graph)
    try:
        run = workload.end(arn, list(graph))
    except WaitedInVainError:
        workload.releases.stop(arn, "the benchmark waits no longer")
        return (name, f"more than {LONGEST_SECONDS:,.0f}", "", "", "", "", "")
    assert run.status == "SUCCEEDED", f"{arn} ended as {run.status}"
    works = work_of_release(workload.account, since=run.started, pipelines=size)
    calls = {
        service: sum(work.calls_to(service) for work in works.values()) / size
        for service in ("dynamodb", "codepipeline")
    }
    at_both_ends = max(work.largest_mb for name, work in works.items() if name in AT_BOTH_ENDS)
    others = max(work.largest_mb for name, work in works.items() if name not in AT_BOTH_ENDS)
    return (
        name,
        f"{run.seconds:.1f}",
        f"{run.seconds / size * 1000:,.0f}",
        f"{calls['dynamodb']:.1f}",
        f"{calls['codepipeline']:.1f}",
        str(at_both_ends),
        str(others),
    )
