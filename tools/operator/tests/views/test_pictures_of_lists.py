"""Lists of single things at the usual widths of a terminal, and times in its zone."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from release_core.domain.holds import Hold, HoldKind
from release_machine.release.dead_letters import Queue, read_message
from release_machine.text.wording import times_in
from release_machine.views.audit_view import audit_hint, audit_table
from release_machine.views.dead_letters_view import Shown, letter_whole, letters_list
from release_machine.views.freezes_view import freezes_list
from release_machine.views.pipeline_rows import pipeline_table
from release_machine.views.tables import release_header
from release_machine.views.timeline import timeline
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.asking_release import FREEZE, asking, asking_snapshot
from tools.operator.tests.samples.drawing import live
from tools.operator.tests.samples.fake_queues import DROPPED, STATE_CHANGED, failed, undelivered
from tools.operator.tests.samples.picture_files import compare
from tools.operator.tests.views.test_pictures import closed

at_each_width = pytest.mark.parametrize("width", [60, 80, 120])


def letter(queue: Queue, message: dict[str, Any], *, release_id: str | None) -> Shown:
    """A message that was sent ten seconds after the fixed time."""
    sent = str(int(at(10).timestamp() * 1000))
    system = {
        "MessageId": "1a2b3c4d-0000-4000-8000-000000000001",
        "ReceiptHandle": "h",
        "Attributes": {"SentTimestamp": sent},
    }
    return Shown(letter=read_message(queue, {**system, **message}), release_id=release_id)


OF_FUNCTION = Queue(
    key="f",
    name="release-machine-record-state-change-failures",
    function="record_state_change",
    failed=True,
)
OF_MANIFESTS = Queue(key="m", name="release-machine-manifest-dropped-undelivered", function=None)
FAILED = letter(OF_FUNCTION, failed(STATE_CHANGED), release_id="2026.11.22-1")
MANIFEST = letter(OF_MANIFESTS, undelivered(DROPPED), release_id=None)


@at_each_width
def test_dead_letters(width: int) -> None:
    """Each message has its queue, its subject and its reason, whole."""
    compare("dead-letters", letters_list([FAILED, MANIFEST]), width=width)


@at_each_width
def test_a_dead_letter(width: int) -> None:
    """One message is shown with its event."""
    compare("dead-letter", letter_whole(FAILED), width=width)


@at_each_width
def test_closed_calendars(width: int) -> None:
    """What a calendar holds says until when, by which calendar, and why."""
    shut = Hold(kind=HoldKind.CALENDAR, until=at(7200), why="it is closed", scope="winter-holidays")
    turn = Hold(kind=HoldKind.TURN, until=at(90), why="it was held")
    release = asking()
    orders = replace(release.pipelines["shop-orders"], held=shut)
    web = replace(release.pipelines["shop-web"], held=turn, depends_on=("shop-catalog",))
    release = replace(
        release, pipelines={**release.pipelines, "shop-orders": orders, "shop-web": web}
    )
    rows = pipeline_table(release, now=at(60), activity={}, width=width)
    compare("calendars", release_header(release, now=at(60)), rows, width=width)


@at_each_width
def test_an_audit(width: int) -> None:
    """The audit stands after the timeline; without it, the command that shows it is named."""
    release = closed()
    hint = audit_hint(release, "release-machine show 2026.11.22-1 --audit")
    compare("audit", audit_table(release, width=width), "", hint, width=width)


@at_each_width
def test_a_timeline(width: int) -> None:
    """The bars have the room that the names leave."""
    compare("timeline", timeline(closed(), at=at(9000), width=width), width=width)


@at_each_width
def test_times_in_the_zone_of_the_terminal(width: int) -> None:
    """Every time has its offset."""
    with times_in(ZoneInfo("Europe/Berlin")):
        release = closed()
        compare(
            "local",
            live(asking_snapshot(), now=at(331), width=width),
            "",
            freezes_list([FREEZE]),
            "",
            release_header(release, now=at(9000)),
            timeline(release, at=at(9000), width=width),
            "",
            audit_table(release, width=width),
            width=width,
        )
