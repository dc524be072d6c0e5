"""An execution of the machine that is stopped takes its release with it."""

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_a_stopped_execution_cancels_its_release(
    account: Account, releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """The release is CANCELLED with the cause that was given, and its pipelines stop."""
    names = [pipelines.make(approval=True) for _ in range(2)]
    release_id = unique("stopped")
    arn = releases.start(manifest(release_id, *names))
    running = {name: releases.started(release_id, name) for name in names}
    for name, execution_id in running.items():
        pipelines.wait_for_approval(name, execution_id)

    account.step_functions.stop_execution(
        executionArn=arn, error="StoppedByHand", cause="wrong build, ada"
    )

    ended = releases.describe(arn)
    assert (ended["status"], ended["error"]) == ("ABORTED", "StoppedByHand")
    header = releases.closed(release_id)
    assert header["status"] == "CANCELLED"
    assert "wrong build, ada" in header["why"]
    for name, execution_id in running.items():

        def told(name: str = name, execution_id: str = execution_id) -> bool:
            return pipelines.status(name, execution_id) == "Stopping"

        def stopped(name: str = name) -> bool:
            return bool(ledger.pipeline(release_id, name)["status"] == "STOPPED")

        wait_until(f"{name} is told to stop", told)
        pipelines.approve(name, execution_id)  # its present action, which it may end
        wait_until(f"{name} is stopped", stopped)
    assert releases.children(arn) == {"aborted": 2, "total": 2}
