"""rollback, as users call it: what is shown before the start, and what is requested."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from release_core.domain.release import Release, ReleaseStatus
from release_machine.actions.rollback import execution_input
from release_machine.errors import OperatorError
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.fake_rollbacks import GOOD, RELEASE, ROLLBACK, Core


def rolled_back(aws: FakeAws, status: str) -> None:
    """Let the release have been rolled back by a release with this status."""
    release = aws.releases[RELEASE]
    earlier = replace(release, release_id="earlier", status=ReleaseStatus(status))
    aws.releases = {RELEASE: replace(release, rolled_back_by="earlier"), "earlier": earlier}


def test_rollback(aws: FakeAws, core: Core, run: Run) -> None:
    """The plan is shown first; then the machine is asked to roll back on behalf of the caller."""
    result = run("rollback", RELEASE, "--wait")
    assert result.exit_code == 0, result.output
    assert "✔ would be released" in result.stdout
    assert "! orders stays as it is: no release had succeeded in it before" in result.stdout
    assert "did not run, stays as it is: search" in result.stdout
    assert core.asked == {
        "release_id": RELEASE,
        "rollback_id": f"{RELEASE}-rollback",
        "over_later": False,
        "over": (),
        "waits": True,
    }
    request = {"rollBack": RELEASE, "releaseId": f"{RELEASE}-rollback"}
    assert aws.started == [{**request, "requestedBy": aws.caller}]
    assert "SUCCEEDED" in result.stdout.splitlines()[-1]


def test_a_rollback_that_did_not_succeed_is_exit_code_1(aws: FakeAws, core: Core, run: Run) -> None:
    """The exit code is the outcome, as for any release."""
    aws.set_status("FAILED")
    assert run("rollback", RELEASE).exit_code == 1


def test_a_dry_run_starts_nothing(aws: FakeAws, core: Core, run: Run) -> None:
    """A dry run shows the same and exits with 0."""
    result = run("rollback", RELEASE, "--dry-run")
    assert result.exit_code == 0
    assert "✔ would be released" in result.stdout
    assert aws.started == []


@pytest.mark.parametrize("where", ["rollback.json", "-"])
def test_the_manifest_can_be_written(aws: FakeAws, core: Core, run: Run, where: str) -> None:
    """It goes to a file or to standard output, and nothing is started."""
    result = run("rollback", RELEASE, "--manifest", where)
    assert result.exit_code == 0
    text = result.stdout if where == "-" else Path(where).read_text()
    assert json.loads(text) == ROLLBACK.manifest
    assert "left out orders: no release had succeeded" in result.stderr
    assert run("rollback", RELEASE, "--manifest", "missing/rollback.json").exit_code == 2
    assert aws.started == []


def test_later_releases_are_rolled_back_only_with_force(aws: FakeAws, core: Core, run: Run) -> None:
    """Without --force they are named and the rollback is refused."""
    core.rollback = replace(ROLLBACK, conflicts={"payments": "v3"})
    refused = run("rollback", RELEASE)
    assert refused.exit_code == 1
    assert "! payments stays as it is: release v3 has run this pipeline since" in refused.stdout
    assert f"release-machine rollback {RELEASE} --force" in refused.stderr
    assert aws.started == []
    core.rollback = replace(
        core.rollback, wanted={**ROLLBACK.wanted, "payments": GOOD}, nothing_good={}
    )
    forced = run("rollback", RELEASE, "--force")
    assert forced.exit_code == 0
    assert core.asked["over_later"] is True
    assert "refused without --force" in refused.stdout
    assert "would be released" not in refused.stdout
    # The plan itself tells which later releases are rolled back.
    assert "payments" not in forced.stdout


@pytest.mark.parametrize(
    ("conflicts", "next_step"),
    [
        ({}, "sourceRevisions"),
        ({"catalog": "v3"}, f"rollback {RELEASE} --force"),
        ({"orders": "v3"}, "sourceRevisions"),
    ],
    ids=("nothing good", "all later", "neither good nor last"),
)
def test_nothing_to_roll_back_is_exit_code_1(
    aws: FakeAws, core: Core, run: Run, conflicts: dict[str, str], next_step: str
) -> None:
    """The error has the reason for each pipeline, and --force only where it helps."""
    core.rollback = replace(ROLLBACK, manifest=None, wanted={}, conflicts=conflicts)
    result = run("rollback", RELEASE)
    assert result.exit_code == 1
    assert f"There is nothing to roll back in release {RELEASE}:" in result.stderr
    assert "- orders: no release had succeeded in it before" in result.stderr
    assert next_step in result.stderr
    assert ("--force" in result.stderr) is ("--force" in next_step)


def test_an_invalid_plan_is_not_started(aws: FakeAws, core: Core, run: Run) -> None:
    """The problems are those of the plan."""
    core.problems = ("pipelines[0]: there is no pipeline 'catalog'",)
    result = run("rollback", RELEASE)
    assert result.exit_code == 1
    assert "there is no pipeline 'catalog'" in result.stdout
    # A plan also checks whether the revisions still exist.
    assert "Nothing was started: the rollback would be refused or fail" in result.stderr
    assert aws.started == []


@pytest.mark.parametrize(
    ("status", "of", "next_step"),
    [
        ("RUNNING", None, f"release-machine cancel {RELEASE}"),
        ("FAILED", "v0", f"release-machine retry {RELEASE}; or see what v0 shipped"),
        ("SUCCEEDED", "v0", "To ship v0 again, submit its manifest with a new releaseId"),
        ("SUCCEEDED", None, f"release-machine show {RELEASE}"),
    ],
)
def test_a_refusal_names_commands(
    aws: FakeAws, core: Core, run: Run, status: str, of: str | None, next_step: str
) -> None:
    """A release that cannot be rolled back is wrong usage, with the commands that help."""
    aws.set_status(status, rollback_of=of)
    core.refusal = "it is not to be"
    result = run("rollback", RELEASE)
    assert result.exit_code == 2
    assert "It is not to be." in result.stderr
    assert next_step in result.stderr


def test_a_second_rollback(aws: FakeAws, core: Core, run: Run) -> None:
    """Two people at 2 a.m. start one rollback; --force starts another."""
    rolled_back(aws, "SUCCEEDED")
    result = run("rollback", RELEASE)
    assert result.exit_code == 0
    assert "was rolled back by release earlier, which has SUCCEEDED" in result.stdout
    assert aws.started == []
    assert run("rollback", RELEASE, "--force").exit_code == 0
    assert len(aws.started) == 1


def test_a_rollback_that_is_running(aws: FakeAws, core: Core, run: Run) -> None:
    """It is not started a second time: the exit code is 1, and the rollback is named."""
    rolled_back(aws, "RUNNING")
    result = run("rollback", RELEASE)
    assert result.exit_code == 1
    assert "release-machine watch earlier" in result.stderr
    assert aws.started == []


@pytest.mark.parametrize(("status", "code"), [("RUNNING", 1), ("SUCCEEDED", 0)])
def test_a_rollback_that_starts_at_the_same_instant(
    aws: FakeAws, core: Core, run: Run, monkeypatch: pytest.MonkeyPatch, status: str, code: int
) -> None:
    """Another person's rollback is opened while this command chooses its id: it is named."""

    def get_header(release_id: str) -> Release | None:
        if release_id == f"{RELEASE}-rollback":
            rolled_back(aws, status)
        return aws.releases.get(release_id)

    monkeypatch.setattr(aws, "get_header", get_header)
    result = run("rollback", RELEASE)
    assert result.exit_code == code
    assert "by release earlier" in result.output
    assert aws.started == []


def test_executions_outside_releases_are_rolled_back_only_when_named(
    aws: FakeAws, core: Core, run: Run
) -> None:
    """Without --over they are named and the rollback is refused, also with --force."""
    core.rollback = replace(ROLLBACK, foreign={"payments": ("e1", "e2")}, unchanged=("mail",))
    refused = run("rollback", RELEASE, "--over", "e0")
    assert refused.exit_code == 1
    assert "refused without --over" in refused.stdout
    since = "executions e1, e2 that no release started have run since"
    assert f"! payments stays as it is: {since}" in refused.stdout
    assert "changed nothing, left alone: mail" in refused.stdout
    command = f"release-machine rollback {RELEASE} --over e0 --over e1 --over e2"
    assert command in " ".join(refused.stderr.split())
    assert run("rollback", RELEASE, "--force").exit_code == 1
    assert aws.started == []
    core.rollback = replace(ROLLBACK, wanted={**ROLLBACK.wanted, "payments": GOOD})
    assert run("rollback", RELEASE, "--over", "e1", "--over", "e2").exit_code == 0
    assert core.asked["over"] == ("e1", "e2")
    assert [each["over"] for each in aws.started] == [["e1", "e2"]]


def test_a_pipeline_that_only_executions_block_names_the_way_out(
    aws: FakeAws, core: Core, run: Run
) -> None:
    """The error names the command that goes over the execution."""
    core.rollback = replace(ROLLBACK, manifest=None, wanted={}, foreign={"catalog": ("e1",)})
    result = run("rollback", RELEASE)
    assert result.exit_code == 1
    assert f"rollback {RELEASE} --over e1" in " ".join(result.stderr.split())


def test_a_rollback_after_one_that_failed(aws: FakeAws, core: Core, run: Run) -> None:
    """The earlier rollback is named."""
    rolled_back(aws, "FAILED")
    result = run("rollback", RELEASE, "--dry-run")
    assert f"! release {RELEASE} was rolled back before, by release earlier" in result.stdout


def test_rollback_of_a_rejected_manifest(aws: FakeAws, core: Core, run: Run) -> None:
    """There is no release to roll back."""
    aws.set_status("REJECTED", pipeline_count=0)
    result = run("rollback", RELEASE)
    assert result.exit_code == 2
    assert "it has changed nothing" in result.stderr


def test_a_forced_rollback_is_sent_as_a_manifest() -> None:
    """The machine itself would not roll back later releases; a too large input is refused."""
    forced = replace(ROLLBACK, conflicts={"orders": "v3"})
    given = json.loads(execution_input(forced, caller="me"))
    assert given == {"manifest": ROLLBACK.manifest, "requestedBy": "me"}
    wide = {"releaseId": "r", "more": "\u8a9e" * 80_000}
    assert json.loads(execution_input(replace(forced, manifest=wide), caller="me"))
    large = replace(forced, manifest={"releaseId": "r", "more": "x" * 300_000})
    with pytest.raises(OperatorError, match="an execution takes 262,144"):
        execution_input(large, caller="me")
