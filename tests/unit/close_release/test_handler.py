"""The hourly rule does all of its jobs."""

from datetime import timedelta

import pytest

from close_release.handler import handler
from close_release.hourly import run_each
from release_core.apply.wiring import FunctionParts
from release_core.errors import LedgerBusy
from tests.simulation.world.functions import ENVIRONMENT
from tests.worlds.logged import watched
from tests.worlds.release_world import ReleaseWorld


class Context:
    """Lambda's context."""

    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        """Five minutes."""
        return 300_000


def test_each_job_of_the_hour_is_done(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orphans are closed, late events announced, old records deleted, and hangs measured."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RELEASE_RETENTION_DAYS", "30")
    parts = world.parts("close-release")
    monkeypatch.setattr(FunctionParts, "of", lambda *_settings, **_more: parts)
    done: list[str] = []
    expiry = parts.expiry(30)
    monkeypatch.setattr(type(parts.orphans), "sweep", lambda _: done.append("orphans"))
    late = type(parts.late_announcements)
    monkeypatch.setattr(late, "sweep", lambda _: done.append("late announcements"))
    monkeypatch.setattr(
        type(expiry), "sweep", lambda self: done.append(f"records after {self.retention}")
    )
    monkeypatch.setattr(type(parts.hangs), "measure", lambda _: done.append("hangs"))

    handler({"source": "aws.events", "detail-type": "Scheduled Event"}, Context())

    assert done == ["orphans", "late announcements", "hangs", f"records after {timedelta(30)}"]


def test_every_job_runs_whatever_the_others_raise() -> None:
    """The first error is raised after all of them, and each is logged with its traceback."""
    done: list[str] = []

    def unreadable() -> None:
        raise KeyError("position")

    def busy() -> None:
        raise LedgerBusy("later")

    with watched() as lines:
        with pytest.raises(KeyError, match="position"):
            run_each(unreadable, busy, lambda: done.append("the last"))
        assert done == ["the last"]
        errors = [each.exc_info[0] for each in lines.records if each.exc_info]
        assert errors == [KeyError, LedgerBusy]
