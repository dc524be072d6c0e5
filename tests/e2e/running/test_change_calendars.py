"""A change calendar that is closed holds a release, which goes on when the calendar opens."""

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.calendars import Calendars
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

# It changes the configuration of functions that all releases share.
pytestmark = [pytest.mark.platform, pytest.mark.alone]


def test_a_closed_calendar_holds_a_release(
    account: Account, releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Nothing starts until the calendar is opened; its event lets the release go on."""
    name, release_id, calendars = pipelines.make(), unique("closed"), Calendars(account)
    with calendars.asked("DEFAULT_CLOSED") as calendar:
        arn = releases.start(manifest(release_id, name))
        held = wait_until("it is held", lambda: ledger.pipeline(release_id, name).get("held"))
        assert (held["kind"], held["scope"]) == ("calendar", calendar)
        assert pipelines.executions(name) == []

        calendars.change(calendar, "DEFAULT_OPEN")

        assert releases.end(arn)["status"] == "SUCCEEDED"
    assert [each["status"] for each in pipelines.executions(name)] == ["Succeeded"]
