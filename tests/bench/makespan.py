"""Makespan: how long random graphs of pipelines take, compared with their critical path."""

from itertools import batched
from random import Random

from tests.bench.graphs import critical_path, drawn, waves
from tests.bench.samples import Sample
from tests.bench.tables import Goal, Table
from tests.bench.workload import own_workload

GRAPHS, PIPELINES, SECONDS = 3, 50, (15.0, 45.0)
SHORT_GRAPHS, SHORT_PIPELINES, SHORT_SECONDS = 1, 6, (1.0, 2.0)
SEED = 12


def measure(*, short: bool) -> list[Table]:
    """Release all graphs at the same time; each has pipelines of its own."""
    count, size = (SHORT_GRAPHS, SHORT_PIPELINES) if short else (GRAPHS, PIPELINES)
    shortest, longest = SHORT_SECONDS if short else SECONDS
    random = Random(SEED)  # noqa: S311 - no secret
    with own_workload() as workload:
        names = workload.pipelines(count * size)
        graphs = [drawn(each, random) for each in batched(names, size, strict=True)]
        workload.release({names[0]: []})  # starts the processes of the functions
        with workload.lasting({name: random.uniform(shortest, longest) for name in names}):
            arns = [workload.start(graph) for graph in graphs]
            runs = [workload.end(arn, list(graph)) for arn, graph in zip(arns, graphs, strict=True)]
    rows, ratios = [], []
    for number, (graph, run) in enumerate(zip(graphs, runs, strict=True), 1):
        assert run.status == "SUCCEEDED", f"{run.arn} ended as {run.status}"
        path = critical_path(graph, run.durations)
        best = sum(run.durations[name] for name in path)
        ratios.append(run.seconds / best)
        rows.append(
            (
                str(number),
                str(len(path)),
                f"{best:.1f}",
                f"{run.seconds:.1f}",
                f"{run.seconds / best:.3f}",
                f"{(run.seconds - best) / len(path) * 1000:,.0f}",
                f"{waves(graph, run.durations) / best:.3f}",
            )
        )
    return [
        Table(
            caption=f"{count} random graphs of {size} pipelines that run for {shortest:g} to"
            f" {longest:g} s, released at the same time.",
            head=(
                "graph",
                "pipelines on the critical path",
                "critical path, s",
                "release, s",
                "release / critical path",
                "more for each of these pipelines, ms",
                "waves / critical path",
            ),
            rows=rows,
            goals=[
                Goal("Release, times the critical path, median", Sample.of(ratios).median, 1.05)
            ],
        )
    ]
