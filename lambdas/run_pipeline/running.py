"""Runs one pipeline of a release until its task token is settled."""

import logging
import math
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.advance import Advance
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.decisions import expiry
from release_core.decide.timing import (
    CLAIM_WINDOW,
    MIN_WAIT,
    TASK_LATENESS,
    UNCONFIRMED_WAIT,
    seconds_to_wait,
)
from release_core.domain.release import Release
from release_core.errors import EndUnconfirmed, PipelineUnknown, StartUnresolved, Unfinished
from release_core.ledger.ledger import Ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A task that waits: ``wait_seconds`` this time, usually ``look_after_seconds``.

    ``attempt`` is the attempt of the release that its workflow execution runs, if that is known.
    """

    task_token: str
    wait_seconds: int
    look_after_seconds: int
    attempt: int | None = None


@dataclass(frozen=True, kw_only=True)
class RunPipeline:
    """Registers the task token of a pipeline, and starts the pipeline or looks at its execution."""

    ledger: Ledger
    advance: Advance
    step_functions: StepFunctions
    clock: Clock

    def __call__(self, release_id: str, pipeline: str, waiting: Waiting) -> None:
        """Register the token, look once if this is not the first one, and advance the pipeline.

        Raises PipelineUnknown when the release has no such pipeline, and as ``Advance`` does.
        """
        # Race: another function records the end of the pipeline. The token is registered before
        # anything else, so that this function can settle it.
        registered = self.ledger.pipelines.register_token(
            release_id, pipeline, waiting.task_token, attempt=waiting.attempt
        )
        if registered is None:
            raise PipelineUnknown(f"release {release_id} has no pipeline {pipeline}")
        if waiting.attempt not in {None, registered.attempt}:
            # AWS stops the tasks of a stopped workflow execution, but not at once.
            log.info("this task belongs to attempt %s of the release", waiting.attempt)
            return
        first = registered.registrations == 1
        try:
            if not first:
                # The task has waited its time, or an earlier try crashed. Events may be lost: look.
                release = self.ledger.get_pipeline(release_id, pipeline)
                if release:
                    self.advance.record_look(release, release.pipelines[pipeline])
            advanced = self.advance.pipeline(release_id, pipeline)
        except (StartUnresolved, EndUnconfirmed) as unresolved:
            # This needs only time. Waiting here uses none of the task's retries.
            log.info("%s", unresolved)
            is_end = isinstance(unresolved, EndUnconfirmed)
            self._wait(waiting, UNCONFIRMED_WAIT if is_end else CLAIM_WINDOW.total_seconds() + 1)
            return
        if advanced and advanced.coupled and not first:
            advanced = self._repair_others(advanced, waiting) or advanced
        if advanced:
            self._wait_until_due(advanced, pipeline, waiting)

    def _repair_others(self, release: Release, waiting: Waiting) -> Release | None:
        """Look at pipelines whose own tasks are overdue, and advance the whole release."""
        overdue = self.clock() - timedelta(seconds=waiting.look_after_seconds) - TASK_LATENESS
        try:
            latest = self.ledger.get_release(release.release_id)
            for other in latest.pipelines.values() if latest else ():
                if other.token_registered_at and other.token_registered_at < overdue:
                    self.advance.record_look(release, other)
            return self.advance.release(release.release_id)
        except (Unfinished, ClientError, BotoCoreError) as error:
            # An error with another pipeline must not fail the task of this one.
            log.warning("could not advance the other pipelines: %s", error)
            return None

    def _wait_until_due(self, release: Release, name: str, waiting: Waiting) -> None:
        pipeline = release.pipelines[name]
        if pipeline.status.ended:
            return
        limits: list[float] = []
        end = None if pipeline.stop_requested_at else expiry(release, pipeline)
        if end:
            # One second more, so that the limit has passed when the task returns.
            limits.append(math.ceil((end - self.clock()).total_seconds()) + 1)
        if pipeline.time_limit and not pipeline.started_at:
            limits.append(pipeline.time_limit.total_seconds())  # it may start at any time
        self._wait(waiting, *limits)

    def _wait(self, waiting: Waiting, *limits: float) -> None:
        wanted = seconds_to_wait(waiting.look_after_seconds, *limits)
        if abs(wanted - waiting.wait_seconds) > MIN_WAIT:
            self.step_functions.look_again(waiting.task_token, wanted)
