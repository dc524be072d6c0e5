"""A rollback is a release that ships again what was live before another release."""

import json
from pathlib import Path
from typing import Any

import pytest

from release_core.rollback.reader import rollback_name
from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest
from tests.e2e.releasing.shop import BROKEN, Shop

pytestmark = pytest.mark.platform


@pytest.mark.verify
def test_a_failed_release_is_rolled_back_automatically(
    shop: Shop, releases: Releases, ledger: Ledger, pipelines: Pipelines, faults: Faults
) -> None:
    """Pipelines that succeeded or failed ship as before; those that changed nothing do not run."""
    catalog, later = shop.make(mode="PARALLEL"), shop.make()
    orders, payments = shop.make(approval=True), shop.make(approval=True)
    entries: list[str | dict[str, Any]] = [
        catalog,
        payments,
        {"name": orders, "dependsOn": [catalog]},
        {"name": later, "dependsOn": [orders]},
    ]
    one, two = shop.first, shop.second
    arn = shop.begin(one, *entries)
    for each in (orders, payments):
        pipelines.approve(each, releases.started(one, each))
    assert releases.end(arn)["status"] == "SUCCEEDED"

    arn = shop.begin(two, *entries, onFailure="rollback", stopMode="abandon")
    pipelines.wait_for_approval(payments, releases.started(two, payments))
    with faults.action("fail", pipeline=orders, **BROKEN):
        pipelines.approve(orders, releases.started(two, orders))
        ended = releases.end(arn)

    assert ended["status"] == "FAILED"
    assert releases.visited(arn)[-3:] == ["IsReleaseGood", "RollBackRelease", "ReleaseFailed"]
    assert f"release {two}-rollback rolls back: " in ended["cause"]
    statuses = [ledger.pipeline(two, each)["status"] for each in (catalog, payments, orders, later)]
    assert statuses == ["SUCCEEDED", "STOPPED", "FAILED", "SKIPPED"]
    assert f"- {payments}: left alone: it changed nothing" in ended["cause"]
    pipelines.approve(orders, releases.started(f"{two}-rollback", orders))
    header = shop.rolled_back(two)
    assert (header["status"], header["rollback_of"]) == ("SUCCEEDED", two), header["why"]
    assert (header["channel"], header["requester"]) == ("rollback", f"onFailure of release {two}")
    assert header["source"] == arn
    told = ledger.header(two)["audit"][-1]["what"]
    assert told.startswith(
        f"rolled back by release {two}-rollback. Not rolled back:\n- {payments}: "
    )
    assert {shop.is_live(each) for each in (catalog, payments, orders, later)} == {one}
    ran = [len(pipelines.executions(each)) for each in (catalog, orders, payments, later)]
    assert ran == [3, 3, 2, 1]
    assert ledger.pipeline(f"{two}-rollback", catalog)["depends_on"] == [orders]
    shipped = [
        pipelines.shipped(catalog, each["pipelineExecutionId"])
        for each in pipelines.executions(catalog)
    ]
    assert shipped[0] == shipped[2] != shipped[1]
    assert {ledger.last_good(each)["release_id"] for each in (catalog, orders)} == {
        f"{two}-rollback"
    }


def test_a_rollback_is_started_once(
    shop: Shop, releases: Releases, ledger: Ledger, faults: Faults, account: Account
) -> None:
    """A workflow execution with the rollback's name counts as started, as after a lost answer."""
    name = shop.make(approval=True)
    arn = shop.begin(shop.first, name)
    shop.pipelines.approve(name, releases.started(shop.first, name))
    releases.end(arn)
    arn = shop.begin(shop.second, name, onFailure="rollback")
    execution_id = releases.started(shop.second, name)
    existing = account.step_functions.start_execution(
        stateMachineArn=account.outputs["state_machine_arn"],
        name=rollback_name(shop.second, arn),
        input=json.dumps(manifest(unique("dry"), name, dryRun=True)),
    )
    releases.end(existing["executionArn"])

    with faults.action("fail", pipeline=name, **BROKEN):
        shop.pipelines.approve(name, execution_id)
        ended = releases.end(arn)
    assert ended["error"] == "ReleaseFailed"
    assert f"release {shop.second}-rollback rolls back: {name}" in ended["cause"]
    assert releases.visited(arn)[-2:] == ["RollBackRelease", "ReleaseFailed"]
    assert [error for error, _ in releases.failed_tasks(arn)] == [
        "StepFunctions.ExecutionAlreadyExistsException"
    ]
    assert ledger.header(f"{shop.second}-rollback") == {}


def test_a_rollback_that_cannot_be_started_is_reported_and_made_by_hand(
    shop: Shop, releases: Releases, ledger: Ledger, faults: Faults, machines: Machines
) -> None:
    """The cause of the release and the command say so, and the command starts the rollback."""
    name = shop.make()
    one, two = shop.first, shop.second
    shop.ship(one, name)
    shop.pipelines.put_source(shop.key, two.encode())
    with faults.action("fail", pipeline=name, **BROKEN):
        document = manifest(two, name, onFailure="rollback")
        arn = releases.start(document, machine=machines.helpless())
        ended = releases.end(arn)

    assert releases.visited(arn)[-3:] == ["RollBackRelease", "DescribeTrouble", "ReleaseFailed"]
    assert ended["cause"].startswith(
        f"The rollback {two}-rollback could not be started: "
        "StepFunctions.StateMachineDoesNotExistException. Start it by hand. 1 of 1 pipelines"
    )
    header = ledger.header(two)
    assert (header["rolls_back_as"], header.get("rolled_back_by")) == (f"{two}-rollback", None)

    watched = run_command("watch", two)
    assert watched.returncode == 1
    assert f"its rollback {two}-rollback was not opened" in watched.stdout
    assert f"release-machine rollback {two}" in watched.stdout
    assert run_command("rollback", two).returncode == 0
    assert ledger.header(two)["rolled_back_by"] == f"{two}-rollback"
    assert shop.is_live(name) == one


def test_the_command_rolls_back_across_a_change_of_the_pipeline(
    shop: Shop, ledger: Ledger, pipelines: Pipelines, tmp_path: Path
) -> None:
    """The command shows the rollback, writes its manifest, and runs it.

    CodePipeline's own RollbackStage refuses a pipeline that was changed.
    """
    first, second = shop.make(), shop.make()
    entries: list[str | dict[str, Any]] = [first, {"name": second, "dependsOn": [first]}]
    one, two = shop.first, shop.second
    shop.ship(one, *entries)
    shop.ship(two, *entries)
    pipelines.change(first)
    assert {shop.is_live(first), shop.is_live(second)} == {two}

    shown = run_command("rollback", two, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert f"{two}-rollback" in shown.stdout
    old, new = (ledger.pipeline(each, first)["revisions"][0]["revision"] for each in (one, two))
    changes = shown.stdout.partition(f"\n{first} ")[2].partition("\n\n")[0].splitlines()
    assert any(line.split()[:2] == ["-", new] for line in changes)
    assert any(line.split()[:2] == ["+", old] for line in changes)
    file = tmp_path / "rollback.json"
    assert run_command("rollback", two, "--manifest", str(file)).returncode == 0
    assert json.loads(file.read_text())["rollbackOf"] == two
    assert ledger.header(f"{two}-rollback") == {}

    done = run_command("rollback", two)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"release {two}-rollback: SUCCEEDED" in done.stdout
    assert {shop.is_live(first), shop.is_live(second)} == {one}
    assert ledger.header(two)["rolled_back_by"] == f"{two}-rollback"
    again = run_command("rollback", f"{two}-rollback")
    assert again.returncode == 2
    assert f"is the rollback of {two}, and a rollback cannot be rolled back" in again.stderr
    assert f"release-machine show {two} --bom" in again.stderr
    shown = run_command("rollback", two, "--dry-run")
    assert f"was rolled back before, by release {two}-rollback" in shown.stdout
    repeated = run_command("rollback", two)
    assert repeated.returncode == 0
    assert f"by release {two}-rollback, which has SUCCEEDED. --dry-run tells" in repeated.stdout
    assert ledger.header(f"{two}-rollback-2") == {}


def test_a_later_release_is_kept_unless_forced(shop: Shop, ledger: Ledger) -> None:
    """The rollback leaves out pipelines that a later release has run; --force includes them."""
    both, only = shop.make(), shop.make()
    one, two, three = shop.first, shop.second, shop.third
    shop.ship(one, both, only)
    shop.ship(two, both, only)
    shop.ship(three, both)

    refused = run_command("rollback", two)
    assert refused.returncode == 1
    assert f"{both} stays as it is: release {three} has run this pipeline since" in refused.stdout
    assert "--force" in refused.stderr
    assert "rolled_back_by" not in ledger.header(two)

    forced = run_command("rollback", two, "--force")
    assert forced.returncode == 0, forced.stdout + forced.stderr
    assert (
        f"{both}: also rolls back release {three}, which has run this pipeline since"
        in forced.stdout
    )
    assert {shop.is_live(both), shop.is_live(only)} == {one}


def test_a_release_that_waited_keeps_what_it_ships(
    shop: Shop, releases: Releases, pipelines: Pipelines, faults: Faults
) -> None:
    """A release that waited is live in the end, whether the rollback came first or not."""
    both, gated = shop.make(), shop.make(approval=True)
    one, two, three = shop.first, shop.second, shop.third
    arn = shop.begin(one, both, gated)
    pipelines.approve(gated, releases.started(one, gated))
    assert releases.end(arn)["status"] == "SUCCEEDED"
    arn = shop.begin(two, both, gated, onFailure="rollback")
    execution_id = releases.started(two, gated)
    pipelines.wait_for_approval(gated, execution_id)
    waits = shop.begin(three, both, onBusy="wait")
    wait_until("the third release waits", lambda: "WaitForPipelines" in releases.visited(waits))

    with faults.action("fail", pipeline=gated, **BROKEN):
        pipelines.approve(gated, execution_id)
        assert releases.end(arn)["status"] == "FAILED"
    pipelines.approve(gated, releases.started(f"{two}-rollback", gated))
    assert shop.rolled_back(two)["status"] == "SUCCEEDED"
    assert releases.end(waits)["status"] == "SUCCEEDED"
    assert (shop.is_live(both), shop.is_live(gated)) == (three, one)
