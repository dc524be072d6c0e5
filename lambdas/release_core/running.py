"""Running one pipeline of a release until its token is settled."""

import math
from dataclasses import dataclass

from release_core.advance import Advance
from release_core.clock import Clock
from release_core.decide import expiry
from release_core.errors import PipelineUnknown
from release_core.ledger import Ledger
from release_core.model import Release
from release_core.tokens import Tokens


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
    tokens: Tokens
    clock: Clock

    def __call__(self, release_id: str, pipeline: str, waiting: Waiting) -> None:
        """Register the token, look once if the pipeline runs already, and advance it.

        Raises PipelineUnknown when the release has no such pipeline, and whatever ``Advance``
        raises.
        """
        # The token comes before everything: whoever sees the pipeline end can then settle it.
        registered = self.ledger.register_token(release_id, pipeline, waiting.task_token)
        if registered is None:
            raise PipelineUnknown(f"release {release_id} has no pipeline {pipeline}")
        first = registered.registrations == 1
        if not first:
            # Waited long enough, or an earlier try died: events may be lost, so look.
            release = self.ledger.read_pipeline(release_id, pipeline)
            if release:
                self.advance.look(release, release.pipelines[pipeline])
        # What anybody left half done in this release is repaired here at the latest.
        advance = self.advance.pipeline(release_id, pipeline)
        if not first:
            advance = self.advance.release(release_id)
        if advance:
            self._wait_until_expiry(advance, pipeline, waiting)

    def _wait_until_expiry(self, release: Release, name: str, waiting: Waiting) -> None:
        pipeline = release.pipelines[name]
        if pipeline.status.ended:
            return
        wanted = waiting.look_after_seconds
        end = None if pipeline.stop_requested_at else expiry(release, pipeline)
        if end:
            # A second more, so that the time is up when the task comes back.
            left = math.ceil((end - self.clock()).total_seconds()) + 1
            wanted = max(1, min(wanted, left))
        too_long = wanted < waiting.wait_seconds - 1
        too_short = waiting.wait_seconds < waiting.look_after_seconds and (
            wanted > waiting.wait_seconds + 1
        )
        if too_long or (too_short and pipeline.execution_id):
            self.tokens.look_again(waiting.task_token, wanted)
