"""Asks the change calendars before a start, at most once while their answer is good."""

from dataclasses import dataclass, field

from release_core.aws.calendars import Calendars
from release_core.clock import Clock
from release_core.decide.calendars import hold_by_calendars
from release_core.domain.calendars import CalendarState
from release_core.domain.holds import Hold
from release_core.domain.release import Pipeline, Release
from release_core.errors import CalendarsThrottled


@dataclass(kw_only=True)
class CalendarGate:
    """The change calendars as one invocation sees them; None if the deployment has none."""

    calendars: Calendars | None
    clock: Clock
    _known: CalendarState | None = field(default=None, init=False)

    def hold(self, release: Release, pipeline: Pipeline) -> Hold | None:
        """Why the calendars keep the pipeline from being started now, or None.

        Raises CalendarsThrottled when it is not known yet.
        """
        if self.calendars is None or release.never_held:
            return None
        now = self.clock()
        # SSM answers ten calls a second, and one invocation may start hundreds of pipelines. An
        # answer is good until the time that it names.
        known = self._known
        if known is None or (known.changes_at and now >= known.changes_at):
            known = self._known = self.calendars.read()
        if known.throttled:
            raise CalendarsThrottled(known.trouble)
        return hold_by_calendars(self.calendars.names, known, now, looks=pipeline.registrations)
