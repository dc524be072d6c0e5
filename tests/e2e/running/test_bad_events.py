"""Events that make no sense, or belong to no release, change no release."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

KIND = "CodePipeline Pipeline Execution State Change"
# Events that match the deployed rule, and lack parts or say what no state change says.
DETAILS: list[dict[str, Any]] = [
    {"pipeline": "plain-p"},
    {"pipeline": "plain-p", "execution-id": "e"},
    {"pipeline": "plain-p", "execution-id": "e", "state": "EXPLODED"},
    {"pipeline": "plain-p", "execution-id": "e", "state": ["SUCCEEDED"]},
    {"pipeline": "plain-p", "execution-id": 6, "state": "FAILED"},
    {"pipeline": "plain-p", "execution-id": "", "state": "FAILED"},
    {"pipeline": "plain-p", "execution-id": "e" * 10_000, "state": "FAILED"},
]


def on_record(ledger: Ledger, execution_id: str) -> Item:
    """Wait until an execution has a record; return it."""
    return wait_until(f"{execution_id} is on record", lambda: ledger.execution(execution_id))


def test_a_release_runs_on_among_bad_events(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    functions: Functions,
    account: Account,
) -> None:
    """A release succeeds while such events arrive, and none of them ends in a dead-letter queue.

    Some tell the end of executions of the release's own pipeline that nobody started. Other tests
    put messages into other queues.
    """
    name, release_id = pipelines.make(approval=True), unique("unmoved")
    before = functions.dead_letters()["record_state_change"]
    arn = releases.start(manifest(release_id, name))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)
    strangers = {state: unique("stranger") for state in ("SUCCEEDED", "FAILED", "STOPPED")}
    details = DETAILS + [
        {"pipeline": name, "execution-id": stranger, "state": state}
        for state, stranger in strangers.items()
    ]

    for detail in details:
        account.events.put_events(
            Entries=[
                {"Source": "aws.codepipeline", "DetailType": KIND, "Detail": json.dumps(detail)}
            ]
        )

    for stranger in strangers.values():
        record = on_record(ledger, stranger)
        # No release may ever claim the record: it is kept for days, a release for longer.
        assert "release_id" not in record
        assert int(record["expires_at"]) < datetime.now(UTC).timestamp() + 3 * 86_400
    assert ledger.pipeline(release_id, name)["status"] == "RUNNING"
    pipelines.approve(name, execution_id)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert functions.dead_letters()["record_state_change"] == before


def test_an_execution_started_by_a_person_changes_no_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """An execution that no release started changes no release of its pipeline."""
    name, release_id = pipelines.make(), unique("earlier")
    releases.end(releases.start(manifest(release_id, name)))
    items, last_good = ledger.items(release_id), ledger.last_good(name)

    by_hand = pipelines.start(name)

    wait_until("its end is on record", lambda: ledger.execution(by_hand).get("changes"))
    assert "release_id" not in ledger.execution(by_hand)
    assert ledger.items(release_id) == items
    assert ledger.last_good(name) == last_good
