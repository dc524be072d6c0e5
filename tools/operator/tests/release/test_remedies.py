"""After a pin that cannot be used, no retry is proposed."""

import json
from dataclasses import replace

import pytest

from release_core.domain.release import Failure, Release, ReleaseStatus
from release_core.domain.revisions import Pin
from release_machine.actions.rollback import refusal
from release_machine.dashboard.offers import offers
from release_machine.errors import UsageError
from release_machine.release.remedies import correct_manifest, what_next
from tools.operator.tests.conftest import Run, pipeline
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.made_release import by_name

RELEASE = "2026.11.22-1"
GONE = pipeline(
    3,
    "payments",
    "FAILED",
    execution_id="e",
    source_revisions=(Pin(action="Source", type="COMMIT_ID", revision="c0ffee"),),
    failure=Failure(stage="Source", action="Source", message="no such commit"),
)


@pytest.fixture
def failed(aws: FakeAws) -> Release:
    """The release, which failed because of a pin."""
    aws.set_status("FAILED", pipelines=by_name((GONE, pipeline(4, "web", "SUCCEEDED"))))
    return aws.releases[RELEASE]


def test_the_next_steps(failed: Release) -> None:
    """They say what to correct, and that it needs a new id."""
    correct = (
        "correct the pins of payments in the manifest, give it a new releaseId and submit it; "
        "a retry would use the same pins"
    )
    assert list(what_next(failed)) == [
        correct,
        f"roll it back with: release-machine rollback {RELEASE}",
    ]


def test_show_ends_with_the_next_steps(failed: Release, run: Run) -> None:
    """Messages and refusals send people there; programs get the same texts."""
    steps = list(what_next(failed))
    assert run("show", RELEASE).stdout.endswith("\n".join(("", "NEXT", *steps, "")))
    assert json.loads(run("show", RELEASE, "--json").stdout)["next"] == steps


@pytest.mark.parametrize(
    ("why", "step"),
    [
        ("ManifestInvalid: pipelines: missing", "Correct the manifest, check it with: "),
        ("PipelinesBusy: others:\n- web: release 1 holds it", "Start it again when these "),
    ],
)
def test_show_of_a_rejection(aws: FakeAws, run: Run, why: str, step: str) -> None:
    """It ends with what the command that submitted it has said."""
    aws.set_status("REJECTED", pipeline_count=0, pipelines={}, why=why)
    assert f"\nNEXT\n{step}" in run("show", RELEASE).stdout
    assert "retry with --wait" not in run("show", RELEASE).stdout


def test_show_of_a_success_has_no_next_step(aws: FakeAws, run: Run) -> None:
    """Nothing is left to do."""
    assert "NEXT" not in run("show", RELEASE).stdout
    assert json.loads(run("show", RELEASE, "--json").stdout)["next"] == []


def test_the_dashboard_offers_no_retry(failed: Release) -> None:
    """Its forms and commands are those that can help."""
    assert [each.action for each in offers(failed, {})] == ["rollback"]
    other = replace(failed, pipelines=by_name((pipeline(3, "web", "FAILED", execution_id="e"),)))
    assert [each.action for each in offers(other, {})] == ["retry", "rollback"]


def test_a_rollback_with_such_a_pin(failed: Release) -> None:
    """Its manifest was made by the machine, so it is written first."""
    rollback = replace(failed, rollback_of="v0")
    told = correct_manifest(rollback)
    assert told is not None
    assert "write the manifest with: release-machine rollback v0 --manifest FILE" in told
    refused = refusal(UsageError("it is a rollback", ""), rollback)  # type: ignore[arg-type]  # text
    assert "release-machine retry" not in refused.next_step
    assert "--manifest FILE" in refused.next_step


def test_another_failure_is_retried(failed: Release) -> None:
    """What failed after the source may be repaired outside the manifest."""
    failure = replace(GONE.failure or Failure(message=""), stage="Deploy", action="Copy")
    release = replace(failed, pipelines=by_name((replace(GONE, failure=failure),)))
    assert correct_manifest(release) is None
    assert f"run the rest again with: release-machine retry {RELEASE}" in list(what_next(release))


def test_a_retry_says_what_to_expect(failed: Release, aws: FakeAws, run: Run) -> None:
    """A commit may have been pushed since, so it is not refused."""
    result = run("retry", RELEASE)
    assert "this attempt may fail as the last one did: correct the pins of payments" in (
        result.stdout
    )
    assert len(aws.started) == 1
    assert "run the rest again" not in result.stdout
    document = json.loads(run("retry", RELEASE, "--json").stdout)
    assert not any("release-machine retry" in line for line in document["next"])
    assert aws.releases[RELEASE].status is ReleaseStatus.FAILED
