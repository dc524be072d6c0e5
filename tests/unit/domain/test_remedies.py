"""Whether a retry can help after a failure."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from release_core.domain import announcements
from release_core.domain.release import Failure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_core.domain.remedies import unusable_pins
from release_core.domain.revisions import Pin, Revision
from release_core.errors import RollbackRefused
from release_core.rollback.refusals import refuse_rollback

PIN = Pin(action="Source", type="S3_OBJECT_VERSION_ID", revision="gone")
NO_OBJECT = Failure(
    message="Could not access the Amazon S3 object",
    stage="Source",
    action="Source",
    code="ConfigurationError",
)
REFUSED = Failure(message="could not be started: not valid", code="ValidationException")


def failed(failure: Failure = NO_OBJECT, **more: Any) -> Pipeline:
    """A pipeline that failed, with a pin."""
    known = {"execution_id": "e", "source_revisions": (PIN,), **more}
    return Pipeline(name="orders", status=PipelineStatus.FAILED, failure=failure, **known)


def of(*pipelines: Pipeline, **more: Any) -> Release:
    """Release r, which failed."""
    return Release(
        release_id="r",
        status=ReleaseStatus.FAILED,
        execution_arn="arn:aws:states:eu-central-1:123456789012:execution:release-machine:one",
        opened_at=datetime(2026, 11, 22, tzinfo=UTC),
        pipeline_count=len(pipelines),
        pipelines={each.name: each for each in pipelines},
        **more,
    )


@pytest.mark.parametrize(
    "pipeline",
    [
        failed(),
        failed(replace(NO_OBJECT, code="JobFailed")),
        failed(replace(NO_OBJECT, code=None)),
        failed(REFUSED, execution_id=None),
        failed(REFUSED, execution_id=None, source_revisions=(), variables={"STAGE": "prod"}),
        failed(REFUSED, execution_id=None, source_revisions=(), variable_names=("STAGE",)),
    ],
    ids=("no such version", "failed job", "no code", "refused", "variables", "read for people"),
)
def test_pins_that_cannot_be_used(pipeline: Pipeline) -> None:
    """A retry has the same pins, so no event and no refusal proposes it."""
    assert unusable_pins(of(pipeline)) == (pipeline,)
    told = announcements.outcome(of(pipeline), deployment="release-machine")
    assert told.detail["nextCommand"] == "release-machine show r"
    with pytest.raises(RollbackRefused) as refused:
        refuse_rollback(of(pipeline, rollback_of="good"), "r")
    assert "retry" not in str(refused.value)


@pytest.mark.parametrize(
    "pipeline",
    [
        failed(source_revisions=()),
        failed(replace(NO_OBJECT, stage="Deploy", action="Copy")),
        failed(replace(NO_OBJECT, code="PermissionError")),
        failed(revisions=(Revision(artifact="app", revision="gone", action="Source"),)),
        failed(REFUSED, execution_id=None, source_revisions=()),
        failed(replace(REFUSED, code="PipelineNotFoundException"), execution_id=None),
        replace(failed(), status=PipelineStatus.STOPPED),
        failed(replace(NO_OBJECT, code=None), given_up="its task failed too often"),
        replace(failed(), attempt=2),
    ],
    ids=(
        "the newest revision",
        "another action",
        "no permission",
        "a later action of the same name",
        "without pins",
        "no pipeline",
        "stopped",
        "given up",
        "an earlier attempt",
    ),
)
def test_what_a_retry_may_repair(pipeline: Pipeline) -> None:
    """Whatever is wrong outside the manifest can be repaired, and the release retried."""
    release = of(pipeline)
    assert unusable_pins(release) == ()
    told = announcements.outcome(release, deployment="release-machine")
    assert told.detail["nextCommand"] == "release-machine retry r"
