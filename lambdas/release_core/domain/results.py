"""The result of a manifest in the bucket, which a file beside the manifest tells."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from release_core.domain.dropped import ManifestObject
from release_core.domain.release import ReleaseStatus
from release_core.immutable import Immutable


class ResultState(StrEnum):
    """What became of a manifest so far."""

    RECEIVED = "received"
    WAITING = "waiting"
    PLANNED = "planned"
    ALREADY_RELEASED = "alreadyReleased"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def of(cls, status: ReleaseStatus) -> Self:
        """The state for the outcome of a release."""
        return cls(status.value.lower())


# How far a manifest without a release has come; the others are at its end.
_BEGINNING = {ResultState.RECEIVED: 0, ResultState.WAITING: 1}


class Result(Immutable):
    """What became of a manifest, as of the time ``at``.

    ``execution_arn`` is the workflow execution that the object started, at ``started_at``. The
    ``attempt`` is that of the release that the manifest opened; None while there is none. The
    result of an end, which close_release tells, has no ``started_at``: it keeps the execution in
    the file.
    """

    manifest: ManifestObject
    execution_arn: str
    started_at: datetime | None = None
    state: ResultState
    at: datetime
    release_id: str | None = None
    attempt: int | None = None
    released_by: str | None = None
    error: str | None = None
    why: str | None = None
    problems: tuple[str, ...] = ()
    plan: Mapping[str, Any] | None = None

    def over(self, earlier: "Result | None") -> "Result | None":
        """What to write over the result in the file; None if that one stays."""
        if earlier is None:
            return self
        if earlier.manifest != self.manifest:
            # The file belongs to the version whose execution was started last.
            return self if _is_later(self.started_at, earlier.started_at) else None
        if self._progress <= earlier._progress or self._is_of_twin(earlier):
            return None
        if self.started_at is None:
            began = {"execution_arn": earlier.execution_arn, "started_at": earlier.started_at}
            return replace(self, **began)  # type: ignore[arg-type]  # two fields of the same type
        return self

    def _is_of_twin(self, earlier: "Result") -> bool:
        """Whether this is the end of another execution for the same event, without a release."""
        is_end = self.started_at is None and self.attempt is None
        return is_end and self.execution_arn != earlier.execution_arn

    @property
    def _progress(self) -> tuple[int, int]:
        """Grows with each step: of two results of one version, the file keeps the greater."""
        if self.attempt is None:
            return 0, _BEGINNING.get(self.state, len(_BEGINNING))
        return self.attempt, int(self.state is not ResultState.ACCEPTED)


def _is_later(mine: datetime | None, other: datetime | None) -> bool:
    return mine is not None and (other is None or mine > other)
