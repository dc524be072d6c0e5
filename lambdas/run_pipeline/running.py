"""Running one pipeline of a release until its token is settled."""

import logging
import math
from dataclasses import dataclass
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.advance import Advance
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.decisions import expiry
from release_core.decide.timing import CLAIM_WINDOW, LEAST_WAIT, TASK_LATENESS, seconds_to_wait
from release_core.domain.release import Release
from release_core.errors import PipelineUnknown, StartUnresolved, Unfinished
from release_core.ledger.ledger import Ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How a task waits: now for ``wait_seconds``, ordinarily for ``look_after_seconds``."""

    task_token: str
    wait_seconds: int
    look_after_seconds: int


@dataclass(frozen=True, kw_only=True)
class RunPipeline:
    """Takes the task token of a pipeline and sets it going, or looks at how far it has come."""

    ledger: Ledger
    advance: Advance
    step_functions: StepFunctions
    clock: Clock

    def __call__(self, release_id: str, pipeline: str, waiting: Waiting) -> None:
        """Register the token, look once if the pipeline runs already, and advance it.

        Raises PipelineUnknown when the release has no such pipeline, and whatever ``Advance``
        raises.
        """
        # The token comes before everything: whoever sees the pipeline end can then settle it.
        registered = self.ledger.pipelines.register_token(release_id, pipeline, waiting.task_token)
        if registered is None:
            raise PipelineUnknown(f"release {release_id} has no pipeline {pipeline}")
        first = registered.registrations == 1
        if not first:
            # Waited long enough, or an earlier try died: events may be lost, so look.
            release = self.ledger.get_pipeline(release_id, pipeline)
            if release:
                self.advance.record_look(release, release.pipelines[pipeline])
        try:
            advance = self.advance.pipeline(release_id, pipeline)
        except StartUnresolved as unresolved:
            # Only time will tell; the workflow's tries of this task are for faults.
            log.info("%s", unresolved)
            self._wait(waiting, CLAIM_WINDOW.total_seconds() + 1)
            return
        if advance and advance.coupled and not first:
            advance = self._repair_others(advance, waiting) or advance
        if advance:
            self._wait_until_due(advance, pipeline, waiting)

    def _repair_others(self, release: Release, waiting: Waiting) -> Release | None:
        """Do what the tasks and events of other pipelines should have done and did not."""
        overdue = self.clock() - timedelta(seconds=waiting.look_after_seconds) - TASK_LATENESS
        try:
            whole = self.ledger.get_release(release.release_id)
            for other in whole.pipelines.values() if whole else ():
                if other.token_registered_at and other.token_registered_at < overdue:
                    self.advance.record_look(release, other)
            return self.advance.release(release.release_id)
        except (Unfinished, ClientError, BotoCoreError) as trouble:
            # It must not end this task, whose own pipeline is well.
            log.warning("others need a later look: %s", trouble)
            return None

    def _wait_until_due(self, release: Release, name: str, waiting: Waiting) -> None:
        pipeline = release.pipelines[name]
        if pipeline.status.ended:
            return
        limits: list[float] = []
        end = None if pipeline.stop_requested_at else expiry(release, pipeline)
        if end:
            # A second more, so that the time is up when the task comes back.
            limits.append(math.ceil((end - self.clock()).total_seconds()) + 1)
        if pipeline.time_limit and not pipeline.started_at:
            limits.append(pipeline.time_limit.total_seconds())  # it may start at any time
        self._wait(waiting, *limits)

    def _wait(self, waiting: Waiting, *limits: float) -> None:
        wanted = seconds_to_wait(waiting.look_after_seconds, *limits)
        if abs(wanted - waiting.wait_seconds) > LEAST_WAIT:
            self.step_functions.look_again(waiting.task_token, wanted)
