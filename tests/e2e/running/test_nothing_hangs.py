"""A release ends although events are lost and functions killed; status names what it waits for.

LocalStack keeps its state in memory, so it cannot be killed and go on. The simulation
(tests/simulation) proves what the protocol does when AWS itself fails.
"""

import re
from contextlib import ExitStack
from typing import Any

import pytest
from click.testing import CliRunner

from release_machine.cli import cli
from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import APPROVAL_STAGE, DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

ALWAYS = 1000
FUNCTIONS = ("open_release", "run_pipeline", "record_state_change", "close_release")


def test_a_release_ends_with_every_event_lost(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    machines: Machines,
) -> None:
    """Without any event looks alone end a release: with an order, a retry and a failure."""
    first, second, broken = (pipelines.make() for _ in range(3))
    release_id = unique("deaf")
    with ExitStack() as lost:
        for name in (first, second, broken):
            lost.enter_context(faults.event("lose", pipeline=name, times=ALWAYS))
        lost.enter_context(faults.action("fail", pipeline=second, code="JobFailed"))
        lost.enter_context(faults.action("fail", pipeline=broken, code="JobFailed", times=ALWAYS))
        arn = releases.start(
            manifest(
                release_id,
                first,
                {"name": second, "dependsOn": [first], "retries": 1},
                broken,
                onFailure="continue",
            ),
            machine=machines.impatient(1),
        )
        ended = releases.end(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "ReleaseFailed")
    nodes = [ledger.pipeline(release_id, name) for name in (first, second, broken)]
    assert [node["status"] for node in nodes] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    assert [len(pipelines.executions(name)) for name in (first, second, broken)] == [1] * 3
    for node in nodes:
        changes = ledger.execution(node["execution_id"])["changes"]
        assert {change["source"] for change in changes} == {"look"}


@pytest.mark.alone
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_release_ends_although_its_functions_are_killed(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    functions: Functions,
    machines: Machines,
    function: str,
) -> None:
    """A function is killed three times at any moment: all pipelines succeed, each started once."""
    names = [pipelines.make() for _ in range(3)]
    release_id = unique("killed")
    arn = releases.start(
        manifest(release_id, *names[:2], {"name": names[2], "dependsOn": names[:2]}),
        machine=machines.impatient(2),
    )
    killed: list[int] = []

    def kill_some() -> bool:
        killed.append(functions.kill(function))
        times = len([count for count in killed if count])
        return times >= 3 or (times > 0 and _ended(releases, arn))

    wait_until(f"{function} is killed", kill_some)

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert [len(pipelines.executions(name)) for name in names] == [1] * len(names)
    assert releases.closed(release_id)["status"] == "SUCCEEDED"


def _ended(releases: Releases, arn: str) -> bool:
    return releases.describe(arn)["status"] != "RUNNING"


@pytest.mark.alone
def test_a_release_that_is_stopped_while_functions_die_is_closed(
    releases: Releases, pipelines: Pipelines, functions: Functions
) -> None:
    """Lambda delivers the event of the stop again when the function was killed with it."""
    name, release_id = pipelines.make(approval=True), unique("stopped")
    arn = releases.start(manifest(release_id, name, stopMode="abandon"))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)

    releases.stop(arn, "enough")
    functions.kill("close_release")

    assert releases.closed(release_id)["status"] == "CANCELLED"
    wait_until("it is stopped", lambda: pipelines.status(name, execution_id) == "Stopped")


@pytest.mark.parametrize("mode", ["SUPERSEDED", "PARALLEL"])
def test_a_release_says_that_it_waits_for_an_approval(
    releases: Releases, pipelines: Pipelines, mode: str
) -> None:
    """show names the pipeline, the approval and the command that approves."""
    name, release_id = pipelines.make(approval=True, mode=mode), unique("asking")
    arn = releases.start(manifest(release_id, name))
    execution_id = releases.started(release_id, name)
    token = pipelines.wait_for_approval(name, execution_id)

    text = status_of(release_id)

    assert name in text
    assert APPROVAL_STAGE in text
    assert "manual approval" in text
    asked = f"{name}/{APPROVAL_STAGE}/{APPROVAL_STAGE}"
    assert f"release-machine approve {release_id} {asked}" in text
    assert token not in text
    pipelines.approve(name, execution_id)
    assert releases.end(arn)["status"] == "SUCCEEDED"


def test_a_release_says_that_it_waits_for_a_transition(
    releases: Releases, pipelines: Pipelines, account: Account
) -> None:
    """show names the stage with a disabled transition, the reason and the command to enable it."""
    name, release_id = pipelines.make(), unique("closed")
    transition: Any = {
        "pipelineName": name,
        "stageName": DEPLOY_STAGE,
        "transitionType": "Inbound",
    }
    account.codepipeline.disable_stage_transition(**transition, reason="freeze until Monday")
    arn = releases.start(manifest(release_id, name))
    releases.started(release_id, name)

    text = wait_until(
        "show names the transition",
        lambda: found if "transition" in (found := status_of(release_id)) else "",
    )

    assert name in text
    assert DEPLOY_STAGE in text
    assert "freeze until Monday" in text
    assert "enable-stage-transition" in text
    account.codepipeline.enable_stage_transition(**transition)
    assert releases.end(arn)["status"] == "SUCCEEDED"


def status_of(release_id: str) -> str:
    """Return the output of release-machine show, on one line."""
    shown = CliRunner().invoke(cli, ["show", release_id])
    assert shown.exit_code == 0, shown.output
    return re.sub(r"\s+", " ", shown.output)
