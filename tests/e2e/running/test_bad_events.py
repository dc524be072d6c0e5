"""Events that make no sense, or are about something else, are ignored: nobody suffers from them."""

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
HALF = "\ud800"  # half a character, which JSON can spell and nothing can encode

# What the bus brings that matches the rule but lacks parts, or says what nobody can say.
DETAILS: list[Any] = [
    {},
    {"pipeline": "p"},
    {"execution-id": "e", "state": "SUCCEEDED"},
    {"pipeline": "p", "execution-id": "e"},
    {"pipeline": "p", "execution-id": "e", "state": "EXPLODED"},
    {"pipeline": "p", "execution-id": "e", "state": None},
    {"pipeline": "p", "execution-id": "e", "state": ["SUCCEEDED"]},
    {"pipeline": 5, "execution-id": 6, "state": "FAILED"},
    {"pipeline": "", "execution-id": "", "state": "FAILED"},
    {"pipeline": "p" * 10_000, "execution-id": "e" * 10_000, "state": "FAILED"},
    {"pipeline": HALF, "execution-id": HALF, "state": "FAILED"},
]
# What is no event of CodePipeline's at all.
ENVELOPES: list[Any] = [
    None,
    [],
    {},
    "text",
    5,
    {"source": "aws.codepipeline"},
    {"source": "aws.codepipeline", "detail-type": KIND, "detail": "text"},
    {"source": "aws.codepipeline", "detail-type": 5, "detail": {}},
    {"source": "aws.s3", "detail-type": "Object Created", "detail": {}},
]
ENDINGS: list[Any] = [
    {},
    {"detail": {}},
    {"detail": None},
    {"detail": {"executionArn": 5, "status": "ABORTED"}},
    {"detail": {"executionArn": "arn:of:nobody", "status": "SUCCEEDED"}},
    {"detail": {"executionArn": "arn:of:nobody", "status": "ABORTED"}},
]


def state_change(detail: object) -> dict[str, Any]:
    """An event as EventBridge delivers it."""
    return {
        "version": "0",
        "id": "0",
        "source": "aws.codepipeline",
        "detail-type": KIND,
        "time": "2026-11-23T00:00:00Z",
        "detail": detail,
    }


def on_record(ledger: Ledger, execution_id: str) -> Item:
    """Wait until an execution has a record; answers it."""
    return wait_until(f"{execution_id} is on record", lambda: ledger.execution(execution_id))


@pytest.mark.parametrize("event", [*map(state_change, DETAILS), *ENVELOPES])
def test_record_state_change_ignores_what_tells_nothing(
    functions: Functions, event: object
) -> None:
    """The function ends well: an event that it failed on would be tried twice more in vain."""
    assert functions.call("record_state_change", event) is None


@pytest.mark.parametrize("event", ENDINGS)
def test_close_release_ignores_what_ended_no_release(functions: Functions, event: object) -> None:
    """The function ends well for executions without a release, and for events without execution."""
    assert functions.call("close_release", event) is None


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"pipeline-execution-attempt": "many", "start-time": "yesterday"},
        {"pipeline-execution-attempt": -1.5},
        {"pipeline-execution-attempt": 1e300},
        {"stop-execution-comments": {"by": "grace"}, "unheard": "of"},
        {"stop-execution-comments": "x" * 100_000},
    ],
    ids=["older", "text", "negative", "huge", "unknown", "long"],
)
def test_odd_fields_do_not_hide_a_state_change(
    functions: Functions, ledger: Ledger, more: dict[str, Any]
) -> None:
    """Fields that are missing, unknown or odd are taken as absent: the state counts."""
    execution_id = unique("odd")
    detail = {"pipeline": "p", "execution-id": execution_id, "state": "STOPPED", **more}

    functions.call("record_state_change", state_change(detail) | {"time": "soon"})

    (change,) = ledger.execution(execution_id)["changes"]
    assert (change["state"], change["attempt"]) == ("STOPPED", 1)


def test_a_release_runs_on_among_bad_events(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    functions: Functions,
    account: Account,
) -> None:
    """The bus brings nonsense while a release runs: it succeeds, and nothing becomes a dead letter.

    Among the nonsense are ends of executions that nobody started, of the release's own pipeline.
    """
    name, release_id = pipelines.make(approval=True), unique("unmoved")
    before = functions.dead_letters()
    arn = releases.start(manifest(release_id, name))
    execution_id = releases.started(release_id, name)
    pipelines.wait_for_approval(name, execution_id)
    strangers = {state: unique("stranger") for state in ("SUCCEEDED", "FAILED", "STOPPED")}
    details = [each for each in DETAILS if HALF not in json.dumps(each, ensure_ascii=False)]
    details += [
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
        # Nobody may ever claim it: it is kept for days, not for as long as releases are.
        assert "release_id" not in record
        assert int(record["expires_at"]) < datetime.now(UTC).timestamp() + 3 * 86_400
    assert ledger.pipeline(release_id, name)["status"] == "RUNNING"
    pipelines.approve(name, execution_id)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert functions.dead_letters() == before


def test_an_execution_started_by_a_person_touches_no_release(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """What becomes of an execution that no release started, changes no release of its pipeline."""
    name, release_id = pipelines.make(), unique("earlier")
    releases.end(releases.start(manifest(release_id, name)))
    items, last_good = ledger.items(release_id), ledger.last_good(name)

    by_hand = pipelines.start(name)

    wait_until(
        "both its changes are on record",
        lambda: len(ledger.execution(by_hand).get("changes", ())) == 2,
    )
    assert "release_id" not in ledger.execution(by_hand)
    assert ledger.items(release_id) == items
    assert ledger.last_good(name) == last_good
