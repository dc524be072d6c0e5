"""Tells beside a dropped manifest what becomes of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from open_release.resuming import Opened
from release_core.aws.result_files import ResultFiles
from release_core.clock import Clock, to_iso
from release_core.domain.results import Result, ResultState
from release_core.errors import Rejection
from release_core.immutable import Immutable
from release_core.manifest.model import Manifest
from release_core.manifest.requests import DroppedObject, Request

_STATES = {
    "OPENED": ResultState.ACCEPTED,
    "ALREADY_RELEASED": ResultState.ALREADY_RELEASED,
    "HELD": ResultState.WAITING,
    "BUSY": ResultState.WAITING,
}


class Reporter(Immutable):
    """Reports about one request; of a request without an object it writes nothing."""

    files: ResultFiles
    clock: Clock
    received: Result | None

    @classmethod
    def of(
        cls,
        request: Request,
        *,
        execution_arn: str,
        started_at: datetime,
        files: ResultFiles,
        clock: Clock,
    ) -> "Reporter":
        """The reporter of a workflow execution's request; tells that the request was received."""
        received = None
        if isinstance(request, DroppedObject):
            received = Result(
                manifest=request.manifest,
                execution_arn=execution_arn,
                started_at=started_at,
                state=ResultState.RECEIVED,
                at=clock(),
            )
            files.write(received)
        return cls(files=files, clock=clock, received=received)

    def rejected(self, rejection: Rejection) -> None:
        """Tell every problem of the manifest."""
        self._write(
            state=ResultState.REJECTED,
            error=type(rejection).__name__,
            why=str(rejection),
            problems=rejection.problems,
        )

    def opened(self, opened: Opened, manifest: Manifest) -> None:
        """Tell that the release is open or exists already, or what it waits for."""
        state = _STATES[opened.outcome]
        self._write(
            state=state,
            release_id=manifest.release_id,
            attempt=opened.attempt if state is ResultState.ACCEPTED else None,
            released_by=opened.released_by if state is ResultState.ALREADY_RELEASED else None,
            why=_wait(opened.outcome, manifest),
        )

    def planned(self, release_id: str | None, plan: Mapping[str, Any]) -> None:
        """Tell the plan of a dry run."""
        self._write(state=ResultState.PLANNED, release_id=release_id, plan=plan)

    def _write(self, **told: Any) -> None:
        if self.received:
            self.files.write(replace(self.received, at=self.clock(), **told))


def _wait(outcome: str, manifest: Manifest) -> str | None:
    if outcome == "BUSY":
        return "waits for busy pipelines"
    if outcome == "HELD" and manifest.not_before:
        return f"held until {to_iso(manifest.not_before)}"
    return None
