"""Applying what starts a pipeline: the claim, the start itself, and starts left half done."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import ClientError

from release_core.apply.ends import Ends
from release_core.aws.codepipeline import CodePipeline, StartRefused, client_request_token
from release_core.clock import Clock
from release_core.decide.timing import CLAIM_WINDOW, TOKEN_REMEMBERED
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.errors import ExecutionTaken, StartUnresolved
from release_core.ledger.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Starts:
    """Applies the decisions about pipelines that have no execution yet."""

    ledger: Ledger
    codepipeline: CodePipeline
    clock: Clock
    actor: str
    ends: Ends

    def start(self, release: Release, pipeline: Pipeline, *, again: bool) -> None:
        """Start the pipeline once, however many functions try to."""
        if not self._claim(release, pipeline):
            return
        # The release may have been closed or halted before the claim; if that comes later, it is
        # the other side that sees STARTING and finds out what became of it.
        now = self.ledger.get_pipeline(release.release_id, pipeline.name)
        claimed = now.pipelines.get(pipeline.name) if now else None
        if not now or not claimed or claimed.status is not PipelineStatus.STARTING:
            return
        if not now.open:
            if not again:
                self.ends.skip(now, claimed, "the release was closed or halted first")
            return
        try:
            execution_id = self._found_or_started(now, claimed, again=again)
        except StartRefused as refused:
            self.ends.record(now, claimed, PipelineStatus.FAILED, failure=refused.failure)
            return
        except ClientError as trouble:
            self.ledger.pipelines.note_trouble(release.release_id, claimed, str(trouble))
            raise
        self._bind(now, claimed, execution_id)

    def find(self, release: Release, pipeline: Pipeline) -> None:
        """Find out what became of a start or a retry, in a release that makes no more of them.

        Raises StartUnresolved while it may still be on its way.
        """
        if pipeline.execution_id:
            raise StartUnresolved(
                f"a retry of {pipeline.name} for release {release.release_id} "
                "may still be on its way"
            )
        found = self._search(release, pipeline)
        if found:
            self._bind(release, pipeline, found)
        elif self._since(pipeline.start_tried_at) > CLAIM_WINDOW:
            self.ends.skip(release, pipeline, "the release was closed or halted first")
        else:
            raise StartUnresolved(
                f"the start of {pipeline.name} for release {release.release_id} "
                "may still be on its way"
            )

    def _claim(self, release: Release, pipeline: Pipeline) -> bool:
        if release.max_concurrency and not self.ledger.headers.claim_slot(release, pipeline.name):
            return False
        return self.ledger.pipelines.claim_start(release.release_id, pipeline, self.actor)

    def _found_or_started(self, release: Release, pipeline: Pipeline, *, again: bool) -> str:
        if again and self._since(pipeline.starting_at) > TOKEN_REMEMBERED:
            found = self._search(release, pipeline)
            if found:
                return found
        token = client_request_token(release.release_id, pipeline)
        return self.codepipeline.start(pipeline, client_request_token=token)

    def _search(self, release: Release, pipeline: Pipeline) -> str | None:
        """The execution that an unrecorded start made, claimed for the release, if there is one.

        Raises StartUnresolved while one that was found may be another release's.
        """
        if not (pipeline.starting_at and pipeline.start_tried_at):
            return None
        found = self.codepipeline.find_started(
            pipeline.name,
            since=pipeline.starting_at,
            until=pipeline.start_tried_at + CLAIM_WINDOW,
            starters=pipeline.starters,
        )
        # Read after the search: whoever takes the pipeline from now on starts what is not in it.
        holders = self.ledger.lock_holders([pipeline.name]) if found else {}
        alone = any(each.execution_arn == release.execution_arn for each in holders.values())
        for execution_id, started_at in found.items():
            if execution_id in pipeline.earlier_executions:
                continue
            if not alone and self._is_unclaimed(execution_id, started_at):
                raise StartUnresolved(
                    f"execution {execution_id} of {pipeline.name} may be another release's, "
                    "whose start is not on record yet"
                )
            try:
                self.ledger.executions.claim(
                    execution_id, release_id=release.release_id, pipeline=pipeline
                )
            except ExecutionTaken:
                continue  # another release's start of the same pipeline
            return execution_id
        return None

    def _is_unclaimed(self, execution_id: str, started_at: datetime) -> bool:
        """Whether nobody has claimed an execution, and its starter may still be about to."""
        known = self.ledger.get_executions([execution_id]).get(execution_id)
        claimed = known is not None and known.release_id is not None
        return not claimed and self._since(started_at) <= CLAIM_WINDOW

    def _bind(self, release: Release, pipeline: Pipeline, execution_id: str) -> None:
        # The execution's side first: its events then lead here, and repair a death in between.
        self.ledger.executions.claim(execution_id, release_id=release.release_id, pipeline=pipeline)
        self.ledger.pipelines.bind_execution(release.release_id, pipeline, execution_id)

    def _since(self, moment: datetime | None) -> timedelta:
        now = self.clock()
        return now - (moment or now)
