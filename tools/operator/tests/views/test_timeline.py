"""The timeline on a terminal, at a fixed width."""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from release_machine.release.model import Snapshot
from release_machine.text.wording import times_in
from release_machine.views.timeline import timeline
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.drawing import drawn


def at_width(seen: Snapshot, width: int) -> str:
    """The timeline on a terminal of that width."""
    return drawn(timeline(seen.release, at=seen.at, width=width), width=width)


def test_failed_release() -> None:
    """Bars show waits, retries and the critical path."""
    assert (
        at_width(samples.failed(), 80)
        == """\
TIMELINE  2026-11-22 22:02:40 UTC, 12:25
                       ╷22:05                   ╷22:10
catalog   ✔ ██████████████████                                              3:32
search    ✔ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━                               6:33
orders    ✔ ·················━━━━━━━━━━━━━━━━━━━━━━━━━━                     4:49
payments  ✘ ·················███████████████↻██████████████↻██████████████  8:46
web       - SKIPPED
mail      - SKIPPED
reports   - SKIPPED
━ ran   █ ran, on the critical path   · waited   ↻ stage retried
"""
    )


def test_running_release() -> None:
    """A running bar reaches to the end of the axis, and nothing is critical yet."""
    assert (
        at_width(samples.running(), 80)
        == """\
TIMELINE  2026-11-22 22:02:40 UTC, 7:51
                      ╷22:04          ╷22:06          ╷22:08
catalog   ✔ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━                                   3:32
search    ▶ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  7:49
orders    ▶ ····························━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  4:15
payments  · WAITING
web       · WAITING
━ ran   · waited   bars of running pipelines end now
"""
    )


def test_stopped_release() -> None:
    """A stop is marked where it was requested; the bar ends with the execution."""
    assert (
        at_width(samples.cancelled(), 60)
        == """\
TIMELINE  2026-11-22 22:02:40 UTC, 2:21
                 ╷22:03            ╷22:04
catalog  ✔ ████████████████████                         1:02
orders   ■ ····················████████████████◼██████  1:15
web      - SKIPPED
█ ran, on the critical path   · waited   ◼ stop requested
"""
    )


def test_waiting_for_a_slot() -> None:
    """Waiting for a slot looks different from waiting for dependencies."""
    rows = at_width(samples.twelve(), 100).splitlines()
    (mail,) = [row for row in rows if row.startswith("mail ")]
    assert mail == f"mail{' ' * 25}✔ ·········╌╌╌╌╌╌╌╌╌━━━{' ' * 44}1:40"
    assert rows[-1].endswith("╌ ready, but had to wait")


def test_the_dots_before_a_bar_are_explained() -> None:
    """In a short release also the time until the first start is seen, and named."""
    row, legend = at_width(samples.short(), 80).splitlines()[-2:]
    assert "····" in row
    assert "· waited" in legend


def test_each_attempt() -> None:
    """An earlier attempt is drawn first; a kept pipeline has no bar in the current one."""
    first, second = at_width(samples.resumed(), 80).split("\n\n")
    assert first.startswith("TIMELINE of attempt 1  2026-11-22 22:02:40 UTC, 12:25\n")
    assert second.startswith("TIMELINE of attempt 2  2026-11-23 22:02:40 UTC, 10:12\n")
    assert "payments  ✘ ···" in first
    assert "payments  ✔ ███" in second
    assert "catalog   ✔ SUCCEEDED in attempt 1\n" in second


def test_a_rejected_manifest_has_no_timeline() -> None:
    """There was no release, so nothing is drawn."""
    assert at_width(samples.rejected(), 80).strip() == ""


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("sample", samples.SAMPLES.values())
def test_every_timeline_fits(sample: Callable[[], Snapshot], width: int) -> None:
    """For any width, a pipeline takes one line, or two where its name is long."""
    seen = sample()
    lines = at_width(seen, width).splitlines()
    assert max(map(cell_len, lines), default=0) <= width
    assert sum(line.lstrip().startswith("╷") or "╷" in line for line in lines) <= 2
    if seen.release.attempt == 1 and seen.release.pipelines:
        longest = max(map(cell_len, seen.release.pipelines))
        wraps = -(-longest // width)
        pipelines = len(seen.release.pipelines)
        assert pipelines + 2 <= len(lines) <= (1 + wraps) * pipelines + 8
        for name in seen.release.pipelines:
            assert "".join(name.split()) in "".join("".join(lines).split())


def test_long_names_stand_above_their_bars() -> None:
    """A name is never shortened."""
    seen = samples.cancelled()
    pipelines = {
        f"{name}-of-the-storefront": replace(each, name=f"{name}-of-the-storefront")
        for name, each in seen.release.pipelines.items()
    }
    release = replace(seen.release, pipelines=pipelines)
    assert at_width(replace(seen, release=release), 60).splitlines()[2:4] == [
        "catalog-of-the-storefront",
        "✔ ━━━━━━━━━━━━━━━━━━━━━━━━                              1:02",
    ]


def test_the_axis_is_in_the_zone_of_the_terminal() -> None:
    """Its ticks are round there, also where the offset has half an hour."""
    with times_in(ZoneInfo("Asia/Kolkata")):
        title, axis, *_ = at_width(samples.failed(), 80).splitlines()
    assert title == "TIMELINE  2026-11-23 03:32:40 UTC+05:30, 12:25"
    assert axis.split() == ["╷03:35", "╷03:40"]
