"""Cost: what a release uses of AWS, and that it does not depend on how long pipelines run."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add

from tests.bench.counting import Work, counted, work_of, work_of_release
from tests.bench.graphs import flat
from tests.bench.history import history, left, transitions
from tests.bench.polling import CLASSIC_WAIT_SECONDS, Polling, polling
from tests.bench.tables import Goal, Table
from tests.bench.usage import Loop, Usage
from tests.bench.workload import UNSEEN, Workload, own_workload
from tests.e2e.account.waiting import wait_until

WAIT_SECONDS = 2
PIPELINES, SHORT_PIPELINES = 20, 2
DURATIONS, SHORT_DURATIONS = (5, 25), (1, 3)
CLASSIC_SECONDS = 1800


def measure(*, short: bool) -> list[Table]:
    """Release the same pipelines with short and with longer durations, in both designs."""
    with own_workload() as workload:
        return _measure(workload, short=short)


def _measure(workload: Workload, *, short: bool) -> list[Table]:
    count = SHORT_PIPELINES if short else PIPELINES
    durations = SHORT_DURATIONS if short else DURATIONS
    with counted(workload.account):
        inline = workload.inline()
        _release(workload, inline, count, 0)  # starts the processes of the functions
        releases = [_release(workload, inline, count, seconds) for seconds in durations]
    (brief, _), (ours, calls) = releases
    rows = [
        (f"release machine, {seconds} s", used)
        for seconds, (used, _) in zip(durations, releases, strict=True)
    ]
    goals = [
        Goal(
            "Calls with the longer duration, times those with the shorter",
            ours.aws_calls / brief.aws_calls,
            1.05,
        )
    ]
    with polling(workload.account, wait_seconds=WAIT_SECONDS) as poller:
        _poll(workload, poller, poller.one_loop, count, 0)
        for name, machine, formula in (
            ("a loop for each pipeline", poller.loop_each, Loop.per_pipeline),
            ("one loop", poller.one_loop, Loop.per_release),
        ):
            used, loop, lasted = _poll(workload, poller, machine, count, durations[-1])
            patient = replace(loop, wait_seconds=CLASSIC_WAIT_SECONDS)
            classic = formula(patient, count, CLASSIC_SECONDS)
            rows += [
                (f"{name}, {durations[-1]} s", used),
                (f"{name}, {durations[-1]} s, formula", formula(loop, count, lasted)),
                (f"{name}, 30 min, formula", classic),
            ]
            goals.append(
                Goal(
                    f"Transitions, part of polling's with {name} and 30 min",
                    ours.transitions / classic.transitions,
                    0.1,
                )
            )
    # Both forms of polling make the same reads.
    share = ours.pipeline_reads / classic.pipeline_reads
    goals.append(Goal("Reads of CodePipeline, part of polling's with 30 min", share, 0.02))
    return [_table(rows, count, goals), _calls(calls, count)]


def _release(
    workload: Workload, machine: str, count: int, seconds: float
) -> tuple[Usage, Counter[str]]:
    """Release with our machine; return what functions and workflow used, and all calls."""
    names = workload.pipelines(count)
    with workload.lasting(dict.fromkeys(names, seconds)):
        run = workload.release(flat(names), machine=machine)
    works = work_of_release(workload.account, since=run.started, pipelines=count).values()
    events = history(workload.account, run.arn)
    used = reduce(add, (each.usage() for each in works))
    calls = reduce(add, (each.calls for each in works))
    return used + Usage(transitions=transitions(events)), calls


def _poll(
    workload: Workload, poller: Polling, machine: str, count: int, seconds: float
) -> tuple[Usage, Loop, float]:
    """Release with polling; return what it used, its loop, and the seconds of the pipelines."""
    names: Sequence[str] = workload.pipelines(count, UNSEEN)
    with workload.lasting(dict.fromkeys(names, seconds)):
        run = workload.end(poller.start(machine, names), names)
    events = history(workload.account, run.arn)
    name = poller.function.rpartition(":")[2]
    loops = count if machine == poller.loop_each else 1
    checks = sum(
        event.get("stateEnteredEventDetails", {}).get("name") == "Check" for event in events
    )
    work = wait_until(
        "the log of polling's function is complete",
        lambda: _complete(work_of(workload.account, name, since=run.started), loops + checks),
    )
    used = Usage(
        transitions=transitions(events),
        invocations=work.invocations,
        gb_seconds=work.gb_seconds,
        pipeline_starts=count,
        pipeline_reads=checks * count / loops,
    )
    looped = (run.ended - left(events, "Start")).total_seconds()
    loop = Loop(
        wait_seconds=WAIT_SECONDS,
        check_seconds=max(0.0, looped * loops / checks - WAIT_SECONDS),
        check_gb_seconds=work.gb_seconds / work.invocations,
    )
    return used, loop, statistics.fmean(run.durations.values())


def _complete(work: Work, invocations: int) -> Work | None:
    return work if work.invocations >= invocations else None


def _table(rows: Sequence[tuple[str, Usage]], count: int, goals: Sequence[Goal]) -> Table:
    return Table(
        caption=f"One release of {count} pipelines that do not depend on each other. The time is"
        " how long each pipeline runs.",
        head=(
            "",
            "transitions",
            "invocations",
            "GB-seconds",
            "DynamoDB calls",
            "read units",
            "write units",
            "CodePipeline starts",
            "CodePipeline reads",
            "US dollars",
        ),
        rows=[
            (
                name,
                f"{each.transitions:,.0f}",
                f"{each.invocations:,.0f}",
                f"{each.gb_seconds:,.1f}",
                f"{each.dynamodb_calls:,.0f}",
                f"{each.read_units:,.0f}",
                f"{each.write_units:,.0f}",
                f"{each.pipeline_starts:,.0f}",
                f"{each.pipeline_reads:,.0f}",
                f"{each.dollars:.5f}",
            )
            for name, each in rows
        ],
        goals=goals,
    )


def _calls(calls: Counter[str], count: int) -> Table:
    return Table(
        caption="The calls of the release machine in the second release, for each pipeline. Opening"
        " and closing are part of them.",
        head=("call", "for each pipeline"),
        rows=[(f"`{name}`", f"{number / count:.2f}") for name, number in calls.most_common()],
    )
