"""Manual approvals: the command that answers works at once, and the record names who answered."""

import json

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.command.command_line import in_pipe, run_command
from tests.e2e.releasing.pipelines import APPROVAL_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

SECOND_STAGE = "Sign"
NO = ("--reason", "not this one")


@pytest.mark.parametrize("mode", ["SUPERSEDED", "PARALLEL"])
def test_the_command_that_watch_shows_answers_at_once(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    account: Account,
    mode: str,
) -> None:
    """While GetPipelineState shows no token yet, the command answers; the record has the answer."""
    name, release_id = pipelines.make(approval=True, mode=mode), unique("asked")
    with faults.action("hide token", pipeline=name, action=APPROVAL_STAGE, seconds=3600):
        arn = releases.start(manifest(release_id, name))
        with in_pipe("watch", release_id) as watching:
            asked = f"{name}/{APPROVAL_STAGE}/{APPROVAL_STAGE}"
            watching.wait_for(f"continue with: release-machine approve {release_id} {asked};")
            answered = run_command("approve", release_id, asked, "--comment", "prices checked")
            assert answered.returncode == 0, answered.stderr
            assert watching.end() == 0
    assert releases.end(arn)["status"] == "SUCCEEDED"
    (answer,) = ledger.pipeline(release_id, name)["approvals"]
    assert (answer["answer"], answer["by"]) == ("Approved", account.caller)
    assert answer["comment"] == "prices checked"
    shown = run_command("show", release_id, "--audit").stdout
    assert "approved by" in shown
    (pipeline,) = json.loads(run_command("show", release_id, "--json").stdout)["pipelines"]
    assert pipeline["approvals"][0]["by"] == account.caller
    assert f"approved stage {APPROVAL_STAGE}, action {APPROVAL_STAGE}: prices checked" in [
        entry["what"] for entry in pipeline["audit"] if entry["who"] == account.caller
    ]


def test_the_command_answers_no_approval_that_comes_later(
    releases: Releases, pipelines: Pipelines
) -> None:
    """A pipeline asks twice: the command of the first question refuses to answer the second."""
    name, release_id = pipelines.make(approval=True), unique("asked")
    pipelines.ask_again(name, SECOND_STAGE)
    first, second = (f"{name}/{stage}/{stage}" for stage in (APPROVAL_STAGE, SECOND_STAGE))
    arn = releases.start(manifest(release_id, name))
    execution_id = releases.started(release_id, name)
    with in_pipe("watch", release_id) as watching:
        for asked, before in ((first, second), (second, first)):
            watching.wait_for(f"continue with: release-machine approve {release_id} {asked};")
            for words in (("approve", release_id, before), ("reject", release_id, before, *NO)):
                refused = run_command(*words)
                assert refused.returncode == 1
                assert f"so nothing was answered. What waits is {asked}." in refused.stderr
            assert pipelines.status(name, execution_id) == "InProgress"
            assert run_command("approve", release_id, asked).returncode == 0
        assert watching.end() == 0
    assert releases.end(arn)["status"] == "SUCCEEDED"


def test_a_rejection_is_final_and_on_record(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, account: Account
) -> None:
    """A rejection fails the pipeline in spite of its retries, with who said what."""
    name, release_id = pipelines.make(approval=True), unique("rejected")
    arn = releases.start(manifest(release_id, {"name": name, "retries": 1}))
    execution_id = releases.started(release_id, name)
    pipelines.approve(name, execution_id, approve=False)
    assert "not fit to ship" in releases.end(arn)["cause"]
    (answer,) = ledger.pipeline(release_id, name)["approvals"]
    assert (answer["answer"], answer["by"]) == ("Rejected", account.caller)
    assert len(pipelines.executions(name)) == 1


def test_an_edit_that_leaves_the_execution_in_progress(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """As seen on AWS, an edit cancels the approval and nothing else: watch says what to do."""
    name, release_id = pipelines.make(approval=True), unique("edited")
    arn = releases.start(manifest(release_id, name))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)
    with faults.update("strand", pipeline=name):
        pipelines.change(name)
    with in_pipe("watch", release_id) as watching:
        watching.wait_for("the pipeline was edited while it ran: stop it or wait")
        watching.wait_for(f"--pipeline-execution-id {execution_id} --abandon")
        assert "waits for manual approval" not in watching.text
    assert pipelines.status(name, execution_id) == "InProgress"
    pipelines.stop(name, execution_id, reason="edited")
    assert releases.end(arn)["status"] == "FAILED"
    node = ledger.pipeline(release_id, name)
    assert node["status"] == "STOPPED"
    assert "edited_at" in node
    assert "edited while it ran" in run_command("show", release_id).stdout


def test_an_edit_that_cancels_the_execution(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """As AWS documents it, an edit cancels the execution; the record says that it was edited."""
    name, release_id = pipelines.make(approval=True), unique("edited")
    arn = releases.start(manifest(release_id, name))
    pipelines.wait_for_approval(name, releases.started(release_id, name))
    pipelines.change(name)
    assert releases.end(arn)["status"] == "FAILED"
    node = ledger.pipeline(release_id, name)
    assert node["status"] == "CANCELLED"
    assert "edited_at" in node
