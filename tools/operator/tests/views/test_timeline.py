"""The timeline on a terminal, to the letter, at a fixed width."""

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from release_machine.release.model import Snapshot
from release_machine.views.timeline import timeline
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.drawing import drawn


def at_width(seen: Snapshot, width: int) -> str:
    """The timeline as a terminal of that width shows it."""
    return drawn(timeline(seen.release, at=seen.at, width=width), width=width)


def test_failed_release() -> None:
    """Bars on one axis: what waited for whom, what was retried, and what decided the length."""
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
    """What runs reaches to the end of the axis, which is now; nothing is claimed to be critical."""
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
    """A stop is marked where it was asked for; the bar goes on to the end of the execution."""
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


def test_slots_and_a_wide_terminal() -> None:
    """Waiting for a slot looks other than waiting for others."""
    rows = at_width(samples.twelve(), 100).splitlines()
    (mail,) = [row for row in rows if row.startswith("mail ")]
    assert mail == f"mail{' ' * 25}✔ ·········╌╌╌╌╌╌╌╌╌━━━{' ' * 44}1:40"
    assert rows[-1].endswith("╌ ready, but had to wait")


def test_each_attempt() -> None:
    """An earlier attempt is drawn first; what was kept from it has no bar in the present one."""
    first, second = at_width(samples.resumed(), 80).split("\n\n")
    assert first.startswith("TIMELINE of attempt 1  2026-11-22 22:02:40 UTC, 12:25\n")
    assert second.startswith("TIMELINE of attempt 2  2026-11-23 22:02:40 UTC, 10:12\n")
    assert "payments  ✘ ···" in first
    assert "payments  ✔ ███" in second
    assert "catalog   ✔ SUCCEEDED in attempt 1\n" in second


def test_nothing_is_drawn_of_a_rejected_manifest() -> None:
    """What never became a release has no timeline."""
    assert at_width(samples.rejected(), 80).strip() == ""


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("sample", samples.SAMPLES.values())
def test_it_fits_the_terminal(sample: Callable[[], Snapshot], width: int) -> None:
    """However wide the terminal and long the names, each pipeline is one line that fits."""
    seen = sample()
    lines = at_width(seen, width).splitlines()
    assert max(map(cell_len, lines), default=0) <= width
    assert sum(line.lstrip().startswith("╷") or "╷" in line for line in lines) <= 2
    if seen.release.attempt == 1 and seen.release.pipelines:
        legend_and_head = len(lines) - len(seen.release.pipelines)
        assert 2 <= legend_and_head <= 8
