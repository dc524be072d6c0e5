"""Running one pipeline of a release until its token is settled."""

from dataclasses import dataclass

from release_core.advance import Advance
from release_core.errors import PipelineUnknown
from release_core.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class RunPipeline:
    """Takes the task token of a pipeline and sets it going, or looks at how far it has come."""

    ledger: Ledger
    advance: Advance

    def __call__(self, release_id: str, pipeline: str, task_token: str) -> None:
        """Register the token, look once if the pipeline runs already, and advance it.

        Raises PipelineUnknown when the release has no such pipeline, and whatever ``Advance``
        raises.
        """
        # The token comes before everything: whoever sees the pipeline end can then settle it.
        registered = self.ledger.register_token(release_id, pipeline, task_token)
        if registered is None:
            raise PipelineUnknown(f"release {release_id} has no pipeline {pipeline}")
        if registered.execution_id:
            # Waited long enough, or an earlier try died: its events may be lost, so look.
            release = self.ledger.read_pipeline(release_id, pipeline)
            if release:
                self.advance.look(release_id, release.pipelines[pipeline])
        self.advance.pipeline(release_id, pipeline)
