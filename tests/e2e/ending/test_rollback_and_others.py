"""What others do with the pipelines of a release counts when that release is rolled back."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from release_core.rollback.manifest import LEFT_ALONE
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines
from tests.e2e.releasing.releases import Releases, manifest
from tests.e2e.releasing.shop import BROKEN, Shop

pytestmark = pytest.mark.platform


def test_what_was_shipped_by_hand_counts(shop: Shop, ledger: Ledger) -> None:
    """What a person shipped before the release comes back; what was shipped since is named."""
    name, other = shop.make(), shop.make()
    one, two = shop.first, shop.second
    shop.ship(one, name, other)
    before = shop.ship_by_hand(name, "by hand")
    shop.ship(two, name, other)
    since = shop.ship_by_hand(name, "by hand since")

    refused = run_command("rollback", two)
    assert refused.returncode == 1
    assert (
        f"{name} stays as it is: execution {since} that no release started has run since"
        in refused.stdout
    )
    assert f"rollback {two} --over {since}" in " ".join(refused.stderr.split())
    assert "rolled_back_by" not in ledger.header(two)

    done = run_command("rollback", two, "--over", since)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"goes back to execution {before} that no release started" in done.stdout
    assert f"also rolls back execution {since} that no release started" in done.stdout
    assert (shop.is_live(name), shop.is_live(other)) == ("by hand", one)
    shown = run_command("show", f"{two}-rollback")
    assert f"{name}: execution {before}" in " ".join(shown.stdout.split())
    document = json.loads(run_command("show", f"{two}-rollback", "--json").stdout)
    assert document["restores"] == {name: before}


def test_an_automatic_rollback_omits_what_was_shipped_by_hand_since(
    shop: Shop, releases: Releases, pipelines: Pipelines
) -> None:
    """It rolls back the rest; a pipeline whose approval was rejected is left alone."""
    name, kept, gated = shop.make(), shop.make(), shop.make(approval=True)
    one, two = shop.first, shop.second
    arn = shop.begin(one, name, kept, gated)
    pipelines.approve(gated, releases.started(one, gated))
    assert releases.end(arn)["status"] == "SUCCEEDED"
    arn = shop.begin(two, name, kept, gated, onFailure="rollback")
    for each in (name, kept):
        execution_id = releases.started(two, each)
        wait_until(
            f"{each} has shipped {two}",
            lambda: pipelines.status(each, execution_id) == "Succeeded",  # noqa: B023  # called before the next round
        )
    execution_id = releases.started(two, gated)
    pipelines.wait_for_approval(gated, execution_id)
    since = shop.ship_by_hand(kept, "by hand")

    pipelines.approve(gated, execution_id, approve=False)

    ended = releases.end(arn)
    assert ended["cause"].splitlines()[-3:] == [
        f"release {two}-rollback rolls back: {name}. Not rolled back:",
        f"- {kept}: execution {since} that no release started has run since",
        f"- {gated}: {LEFT_ALONE}",
    ]
    assert shop.rolled_back(two)["status"] == "SUCCEEDED"
    assert (shop.is_live(name), shop.is_live(kept), shop.is_live(gated)) == (one, "by hand", one)


def test_a_rollback_ends_when_its_release_was_resumed_and_succeeded(
    shop: Shop,
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
    machines: Machines,
) -> None:
    """A rollback waits for a pipeline; the release is retried and succeeds: it is kept."""
    gate, held, broken = shop.make(approval=True), shop.make(), shop.make()
    one, two, other = shop.first, shop.second, shop.third
    machine = machines.helpless()  # the test itself starts the rollback, once it has to wait
    shop.ship(one, held, broken)
    shop.pipelines.put_source(shop.key, two.encode())
    document = manifest(two, held, {"name": broken, "dependsOn": [held]}, onFailure="rollback")
    with faults.action("fail", pipeline=broken, **BROKEN):
        failed = releases.start(document, machine=machine)
        assert releases.end(failed)["status"] == "FAILED"
    # This release locks the pipeline and has not run it yet.
    holder = releases.start(manifest(other, gate, {"name": held, "dependsOn": [gate]}))
    execution_id = releases.started(other, gate)
    asked = {
        "rollBack": two,
        "releaseId": f"{two}-rollback",
        "requestedBy": f"onFailure of release {two}",
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": failed,
    }
    rollback = releases.start(asked, machine=machine)
    wait_until("the rollback waits", lambda: "WaitForPipelines" in releases.visited(rollback))

    retried = run_command("retry", two)
    assert retried.returncode == 0, retried.stdout + retried.stderr
    pipelines.approve(gate, execution_id)
    assert releases.end(holder)["status"] == "SUCCEEDED"

    ended = releases.end(rollback)
    assert (ended["status"], ended["error"]) == ("FAILED", "RollbackRefused")
    assert f"release {two} was resumed as attempt 2 after the failure" in ended["cause"]
    header = ledger.header(two)
    assert (header["status"], header.get("rolled_back_by")) == ("SUCCEEDED", None)
    assert header["audit"][-1]["what"].startswith(f"rollback {two}-rollback was refused: ")
    assert ledger.header(f"{two}-rollback") == {}
    assert shop.is_live(broken) == two


def test_two_rollbacks_at_one_instant_become_one(
    shop: Shop, ledger: Ledger, pipelines: Pipelines
) -> None:
    """One of two commands makes the rollback; the other one names it and is truthful."""
    name = shop.make()
    one, two = shop.first, shop.second
    shop.ship(one, name)
    shop.ship(two, name)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: run_command("rollback", two), range(2)))
    codes = sorted(each.returncode for each in both)
    assert codes in ([0, 0], [0, 1]), [each.stdout + each.stderr for each in both]
    assert all(
        re.search(rf"{re.escape(two)}-rollback\b", each.stdout + each.stderr) for each in both
    )
    assert ledger.header(f"{two}-rollback")["status"] == "SUCCEEDED"
    assert ledger.header(f"{two}-rollback-2") == {}
    assert len(pipelines.executions(name)) == 3
    assert shop.is_live(name) == one
