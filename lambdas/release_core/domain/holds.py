"""What keeps pipelines from being started for a while: freezes; and what overrides that."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase


@dataclass(frozen=True, kw_only=True)
class Freeze:
    """Nothing new starts in the pipelines that ``scope`` matches: ``*``, a name or a pattern."""

    scope: str
    until: datetime
    reason: str
    by: str
    at: datetime

    def covers(self, pipeline: str, now: datetime) -> bool:
        """Whether it keeps this pipeline from being started now."""
        return now < self.until and fnmatchcase(pipeline, self.scope)


@dataclass(frozen=True, kw_only=True)
class Override:
    """Why one release starts its pipelines although they are frozen or a calendar is closed."""

    reason: str
    by: str
    at: datetime
