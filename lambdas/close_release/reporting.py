"""Tells beside a dropped manifest how its release ended."""

from release_core.aws.result_files import ResultFiles
from release_core.clock import Clock
from release_core.domain.release import Release
from release_core.domain.results import Result, ResultState
from release_core.domain.workflow_end import WorkflowEnd
from release_core.errors import Rejection
from release_core.immutable import Immutable
from release_core.manifest.requests import DroppedObject, read_request


class Reporting(Immutable):
    """Writes the results of releases and workflow executions that have ended."""

    files: ResultFiles
    manifest_bucket: str
    clock: Clock

    def closed(self, release: Release) -> None:
        """Tell the outcome of a closed release beside the manifest that was dropped last for it."""
        if release.dropped is None:
            return
        self.files.write(
            Result(
                manifest=release.dropped,
                execution_arn=release.execution_arn,
                state=ResultState.of(release.status),
                at=release.closed_at or self.clock(),
                release_id=release.release_id,
                attempt=release.attempt,
                why=release.why,
            )
        )

    def never_opened(self, end: WorkflowEnd, event: object) -> None:
        """Tell that a workflow execution, whose end is in this event, opened no release.

        A rejection stays in the file: it is the end that the execution itself has told.
        """
        match event:
            # Only Step Functions can put an event with this source.
            case {"source": "aws.states", "detail": {"input": str(text)}} if end.release_status:
                dropped = _dropped_object(text)
            case _:
                return
        if dropped is None or dropped.bucket != self.manifest_bucket:
            return
        self.files.write(
            Result(
                manifest=dropped.manifest,
                execution_arn=end.execution_arn,
                state=ResultState.of(end.release_status),
                at=self.clock(),
                error=end.error,
                why=end.why,
            )
        )


def _dropped_object(input_text: str) -> DroppedObject | None:
    try:
        request = read_request(input_text)
    except Rejection:
        return None
    return request if isinstance(request, DroppedObject) else None
