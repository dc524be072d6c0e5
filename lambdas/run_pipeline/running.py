"""Runs one pipeline of a release until its task token is settled."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from release_core.apply.advance import Advance
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.decisions import next_look
from release_core.decide.timing import (
    CLAIM_WINDOW,
    HELD_LOOK,
    MIN_WAIT,
    TASK_LATENESS,
    UNCONFIRMED_WAIT,
    seconds_to_wait,
    seconds_until,
)
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.errors import EndUnconfirmed, PipelineUnknown, StartUnresolved, Unfinished
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import about, also_about, invocation, log_of

log = log_of(__name__)


class Waiting(Immutable):
    """A task that waits: ``wait_seconds`` this time, usually ``look_after_seconds``.

    ``attempt`` is the attempt of the release that its workflow execution runs, and ``waits_since``
    is when it began to wait, if that is known. ``execution_arn`` is the workflow execution, for the
    log.
    """

    task_token: str
    wait_seconds: int
    look_after_seconds: int
    attempt: int | None = None
    waits_since: datetime | None = None
    execution_arn: str | None = None


class FailedTask(Immutable):
    """A task that the workflow has given up, with the error of its last try."""

    release_id: str
    pipeline: str
    execution_arn: str
    error: str
    cause: str

    @property
    def why(self) -> str:
        """The error in words; the cause of a function's error is JSON with its message."""
        try:
            said = json.loads(self.cause)["errorMessage"]
        except (ValueError, TypeError, KeyError, RecursionError):
            said = self.cause
        return f"its task failed too often, last with {self.error}: {said}"


class RunPipeline(Immutable):
    """Registers the task token of a pipeline, and starts the pipeline or looks at its execution."""

    ledger: Ledger
    advance: Advance
    step_functions: StepFunctions
    clock: Clock

    def __call__(self, release_id: str, pipeline: str, waiting: Waiting) -> None:
        """Register the token, look once if this is not the first one, and advance the pipeline.

        Raises PipelineUnknown when the release has no such pipeline, and as ``Advance`` does.
        """
        with invocation(
            release_id=release_id, pipeline=pipeline, execution_arn=waiting.execution_arn
        ):
            self._run(release_id, pipeline, waiting)

    def _run(self, release_id: str, pipeline: str, waiting: Waiting) -> None:
        # Race: another function records the end of the pipeline. The token is registered before
        # anything else, so that this function can settle it.
        looks_at = self.clock() + timedelta(seconds=waiting.wait_seconds)
        registered = self.ledger.pipelines.register_token(
            release_id,
            pipeline,
            waiting.task_token,
            looks_at=looks_at,
            attempt=waiting.attempt,
            waits_since=waiting.waits_since,
        )
        if registered is None:
            raise PipelineUnknown(f"release {release_id} has no pipeline {pipeline}")
        also_about(execution_id=registered.execution_id)
        if registered.task_token != waiting.task_token:
            # A late function of a task that is over; or AWS has not stopped the tasks of a stopped
            # workflow execution yet.
            log.info("a later task waits for this pipeline")
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
        if advanced and not first:
            self._repair_others(advanced, advanced.pipelines[pipeline], waiting)
        if advanced:
            self._wait_until_due(advanced, pipeline, waiting)

    def give_up(self, task: "FailedTask") -> None:
        """Fail a pipeline whose task the workflow has given up, unless the release was resumed.

        A running execution is stopped first. Raises as ``Advance`` does.
        """
        with invocation(
            release_id=task.release_id, pipeline=task.pipeline, execution_arn=task.execution_arn
        ):
            self._give_up(task)

    def _give_up(self, task: "FailedTask") -> None:
        release = self.ledger.get_pipeline(task.release_id, task.pipeline)
        pipeline = release.pipelines.get(task.pipeline) if release else None
        if not release or not pipeline or release.execution_arn != task.execution_arn:
            log.warning("ignored: the task belongs to no attempt that runs")
            return
        self.ledger.pipelines.give_up(release.release_id, pipeline, task.why)
        self.advance.pipeline(release.release_id, pipeline.name)

    def _repair_others(self, release: Release, pipeline: Pipeline, waiting: Waiting) -> None:
        """Advance the pipelines that this one waits for and whose own tasks are overdue."""
        if pipeline.status is not PipelineStatus.WAITING:
            return
        overdue = self.clock() - timedelta(seconds=waiting.look_after_seconds) - TASK_LATENESS
        names = {*pipeline.depends_on, *release.in_flight}
        others = self.ledger.get_pipelines([(release.release_id, name) for name in sorted(names)])
        for _, other in others:
            if not other.settled and (other.token_registered_at or release.began_at) < overdue:
                with about(pipeline=other.name, execution_id=None):
                    self._repair(release.release_id, other.name)

    def _repair(self, release_id: str, name: str) -> None:
        try:
            release = self.ledger.get_pipeline(release_id, name)
            if release:
                self.advance.record_look(release, release.pipelines[name])
            self.advance.pipeline(release_id, name)
        except (Unfinished, ClientError, BotoCoreError) as error:
            # An error with another pipeline must not fail the task of this one.
            log.warning("could not advance: %s", error)

    def _wait_until_due(self, release: Release, name: str, waiting: Waiting) -> None:
        pipeline, now = release.pipelines[name], self.clock()
        # The function that starts a pipeline lets its task look earlier, if a limit is near.
        if pipeline.status.ended or pipeline.task_token != waiting.task_token:
            return
        due = next_look(release, pipeline, now)
        limits = [seconds_until(due, now=now)] if due else []
        planned = (pipeline.looks_at - now).total_seconds() if pipeline.looks_at else None
        usual = waiting.look_after_seconds
        if pipeline.held and now < pipeline.held.until:
            usual = max(usual, int(HELD_LOOK.total_seconds()))
        self._wait(replace(waiting, look_after_seconds=usual), *limits, planned=planned)

    def _wait(self, waiting: Waiting, *limits: float, planned: float | None = None) -> None:
        wanted = seconds_to_wait(waiting.look_after_seconds, *limits)
        if abs(wanted - (planned or waiting.wait_seconds)) > MIN_WAIT:
            self.step_functions.look_again(waiting.task_token, wanted)
