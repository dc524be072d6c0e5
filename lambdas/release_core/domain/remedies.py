"""What can help after a failure, by the kind of the failure: pure."""

from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release

# The source may have what is pinned: it refused the access, or could not be asked.
_NOT_OF_THE_PIN = frozenset({"PermissionError", "SystemUnavailable", "InternalError"})
# CodePipeline refuses a start with these pins.
_NOT_VALID = "ValidationException"


def unusable_pins(release: Release) -> tuple[Pipeline, ...]:
    """The pipelines that failed because of what the manifest pins for them.

    The pinned source action failed, or CodePipeline refused a start with these revisions and
    variables. A retry has the same pins, so only a corrected manifest with a new id helps.
    """
    return tuple(
        each
        for each in release.pipelines.values()
        if each.status is PipelineStatus.FAILED
        and each.failure
        and not each.given_up  # then its execution was stopped, whatever it did
        and not release.renews(each)
        and (_source_failed(each, each.failure) or _start_refused(each, each.failure))
    )


def _source_failed(pipeline: Pipeline, failure: Failure) -> bool:
    pinned = {pin.action for pin in pipeline.source_revisions}
    # An action of another stage may have the same name; then the source has delivered before.
    delivered = {revision.action for revision in pipeline.revisions}
    return failure.action in pinned - delivered and failure.code not in _NOT_OF_THE_PIN


def _start_refused(pipeline: Pipeline, failure: Failure) -> bool:
    # For people, only the names of variables are read.
    pins = pipeline.source_revisions or pipeline.variables or pipeline.variable_names
    return pipeline.execution_id is None and failure.code == _NOT_VALID and bool(pins)
