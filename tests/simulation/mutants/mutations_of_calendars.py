"""Mutants of what change calendars hold."""

from tests.simulation.mutants.mutation import Mutant

_CLOSED = ("one closed",)
_UNREADABLE = ("one closed, cannot be read",)

OF_CALENDARS = (
    Mutant(
        "start without asking the calendar",
        "release_core/apply/starts.py",
        " or self._closed(now, claimed)\n",
        "\n",
        _CLOSED,
    ),
    Mutant(
        "take an unreadable calendar for open",
        "release_core/aws/calendars.py",
        "is_open=False, trouble=failure.reason, throttled=is_throttled(error)",
        "is_open=True",
        _UNREADABLE,
    ),
    Mutant(
        "ask an unreadable calendar after an hour",
        "release_core/decide/timing.py",
        "UNREADABLE_PAUSE = timedelta(minutes=5)\n",
        "UNREADABLE_PAUSE = timedelta(hours=1)\n",
        _UNREADABLE,
    ),
    Mutant(
        "ask a closed calendar after a day",
        "release_core/decide/calendars.py",
        "until, why = max(state.changes_at, now + SOONEST_OPENING), ",
        "until, why = now + 24 * CLOSED_PAUSE, ",
        _CLOSED,
    ),
    Mutant(
        "record each time that a calendar is asked",
        "release_core/ledger/holds.py",
        '        is_new = "attribute_not_exists(#held) OR #held <> :held"\n',
        '        is_new = "attribute_not_exists(#held) OR #held <> :held OR #held = :held"\n',
        _CLOSED,
    ),
)
