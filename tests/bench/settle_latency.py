"""Settle latency: from the end of a pipeline to its settled token and to the closed release."""

from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.bench.counting import counted, work_of_release
from tests.bench.floor import STATE, Floor, floor
from tests.bench.graphs import flat
from tests.bench.history import history, left
from tests.bench.polling import CLASSIC_WAIT_SECONDS, Polling, polling
from tests.bench.samples import Sample, ratio
from tests.bench.tables import Goal, Table
from tests.bench.usage import Loop
from tests.bench.workload import UNSEEN, Workload, own_workload

SETTLE = "stepfunctions.SendTaskSuccess"
WAIT_SECONDS = 2
ROUNDS, SHORT_ROUNDS = 20, 2
# Long enough for a start to be recorded before the end of the pipeline arrives, as on AWS.
LASTS_SECONDS = 1.0


@dataclass
class _Found:
    """Seconds after the end of the pipeline, in each round."""

    floor_token: list[float] = field(default_factory=list)
    floor_closed: list[float] = field(default_factory=list)
    token: list[float] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    polled: list[float] = field(default_factory=list)
    check: list[float] = field(default_factory=list)


def measure(*, short: bool) -> list[Table]:
    """Release one pipeline in each design, in turns, so that all designs meet the same load."""
    rounds = SHORT_ROUNDS if short else ROUNDS
    with ExitStack() as stack:
        workload = stack.enter_context(own_workload())
        (unseen,) = workload.pipelines(1, UNSEEN)
        lowest = stack.enter_context(floor(workload.account, unseen))
        poller = stack.enter_context(polling(workload.account, wait_seconds=WAIT_SECONDS))
        inline = workload.inline()
        # The first round starts the processes of the functions, and does not count.
        _round(workload, _Found(), lowest, poller, inline, 0)
        found = _Found()
        for number in range(rounds):
            # The ends fall evenly into polling's wait.
            delay = LASTS_SECONDS + WAIT_SECONDS * (number + 0.5) / rounds
            _round(workload, found, lowest, poller, inline, delay)
        return [_table(found), _calls(workload)]


def _round(
    workload: Workload, found: _Found, lowest: Floor, poller: Polling, inline: str, delay: float
) -> None:
    (ours,) = workload.pipelines(1)
    unseen = lowest.pipeline
    with workload.lasting({unseen: LASTS_SECONDS}):
        run = workload.end(lowest.start(), [unseen])
    events = history(workload.account, run.arn)
    found.floor_token.append(run.after_last(left(events, STATE)))
    found.floor_closed.append(run.after_pipelines)
    with workload.lasting({ours: LASTS_SECONDS}):
        run = workload.release(flat([ours]), machine=inline)
    events = history(workload.account, run.arn)
    found.token.append(run.after_last(left(events, "RunPipeline")))
    with workload.lasting({ours: LASTS_SECONDS}):
        run = workload.release(flat([ours]))
    found.closed.append(run.after_pipelines)
    with workload.lasting({unseen: delay}):
        run = workload.end(poller.start(poller.one_loop, [unseen]), [unseen])
    found.polled.append(run.after_pipelines)
    waited = left(history(workload.account, run.arn), "Wait")
    found.check.append((run.ended - waited).total_seconds())


def _calls(workload: Workload) -> Table:
    """Return the calls of the invocation that settled a token, until it did."""
    (ours,) = workload.pipelines(1)
    with counted(workload.account):
        for _ in range(2):  # the first release starts the processes of the functions
            with workload.lasting({ours: LASTS_SECONDS}):
                run = workload.release(flat([ours]))
            works = work_of_release(workload.account, since=run.started, pipelines=1)
    orders = works["record_state_change"].orders
    (order,) = [each for each in orders if SETTLE in dict(each)]
    until = order[: 1 + [name for name, _ in order].index(SETTLE)]
    return Table(
        caption="The calls of one invocation of `record_state_change`, from the SUCCEEDED event to"
        " the settled token, and when each was answered.",
        head=("call", "ms"),
        rows=[(f"{number}. `{name}`", f"{ms:.0f}") for number, (name, ms) in enumerate(until, 1)],
        goals=[Goal("Calls before SendTaskSuccess", len(until) - 1, 6)],
    )


def _table(found: _Found) -> Table:
    floor_token, floor_closed = Sample.of(found.floor_token), Sample.of(found.floor_closed)
    token, closed, polled = Sample.of(found.token), Sample.of(found.closed), Sample.of(found.polled)
    check = Sample.of(found.check).mean
    here, classic = (
        Loop(wait_seconds=wait, check_seconds=check, check_gb_seconds=0).detection_seconds()
        for wait in (WAIT_SECONDS, CLASSIC_WAIT_SECONDS)
    )
    rows = [
        ("floor", floor_token.show(scale=1000), floor_closed.show(scale=1000)),
        ("release machine", token.show(scale=1000), closed.show(scale=1000)),
        (f"polling every {WAIT_SECONDS} s", "", polled.show(scale=1000)),
        (f"polling every {CLASSIC_WAIT_SECONDS} s, by the formula", "", f"{classic * 1000:,.0f}"),
    ]
    note = (
        f"Polling's check takes {check:.2f} s on average. The formula, half of the wait and the"
        f" check, gives {here:.2f} s for a wait of {WAIT_SECONDS} s; measured: {polled.mean:.2f} s."
    )
    return Table(
        caption=f"Milliseconds after the end of the pipeline, {len(found.token)} rounds:"
        " median (quartiles).",
        head=("", "token settled", "release closed"),
        rows=rows,
        notes=[note],
        goals=[
            Goal("Token settled, times the floor", ratio(token, floor_token), 2),
            Goal(
                "Polling's mean, times the median of the closed release",
                classic / closed.median,
                50,
                at_most=False,
            ),
        ],
    )
