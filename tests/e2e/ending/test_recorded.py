"""The ledger records of each release who released what, when, and with which outcome."""

import hashlib
import json
import re
from datetime import UTC, datetime

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import SOURCE_KEY, Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")  # UTC, to the millisecond


def moments(item: Item) -> dict[str, str]:
    """Return the times in an item and in its lists, by their place."""
    found = {name: str(value) for name, value in item.items() if name.endswith("_at")}
    found.pop("expires_at", None)  # DynamoDB's own: seconds since the epoch
    for name in ("audit", "changes"):
        for index, entry in enumerate(item.get(name, ())):
            times = {key: entry[key] for key in ("at", "recorded_at") if key in entry}
            found |= {f"{name}[{index}].{key}": at for key, at in times.items()}
    return found


def test_a_release_is_recorded_with_its_manifest(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """The header names requester, channel, manifest, workflow execution and times."""
    release_id, before = unique("header"), datetime.now(UTC)
    arn = releases.start(
        {
            "manifest": manifest(release_id, estate.orders, estate.catalog),
            "requestedBy": "ada@example.com",
        }
    )
    releases.end(arn)

    header, text = ledger.header(release_id), str(ledger.manifest(release_id)["manifest"])
    assert header["status"] == "SUCCEEDED"
    assert header["why"] == "all 2 pipelines succeeded"
    assert (header["channel"], header["requester"]) == ("direct", "ada@example.com")
    assert (header["execution_arn"], header["pipeline_count"]) == (arn, 2)
    assert header["manifest_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(text) == {
        "releaseId": release_id,
        "pipelines": [{"name": estate.orders}, {"name": estate.catalog}],
    }
    for item in ledger.items(release_id):
        for where, at in moments(item).items():
            assert MOMENT.fullmatch(at), where
    assert before <= datetime.fromisoformat(header["opened_at"]) <= datetime.now(UTC)
    assert header["opened_at"] <= header["closed_at"] <= header["announced_at"]


def test_a_pipeline_is_recorded_with_its_execution(
    releases: Releases, ledger: Ledger, account: Account, pipelines: Pipelines, estate: Estate
) -> None:
    """A pipeline's item names its execution, its revisions, and its times in order."""
    release_id = unique("node")
    releases.end(releases.start(manifest(release_id, estate.catalog)))

    node = ledger.pipeline(release_id, estate.catalog)
    assert (node["status"], node["position"], node["depends_on"]) == ("SUCCEEDED", 0, [])
    (newest, *_) = pipelines.executions(estate.catalog)
    assert node["execution_id"] == newest["pipelineExecutionId"]
    source = account.s3.head_object(Bucket=pipelines.bucket, Key=SOURCE_KEY)["VersionId"]
    assert [each["revision"] for each in node["revisions"]] == [source]
    order = ["token_registered_at", "starting_at", "started_at", "settled_at"]
    times = [node[name] for name in order]
    assert times == sorted(times)

    last_good = ledger.last_good(estate.catalog)
    assert (last_good["release_id"], last_good["execution_id"]) == (
        release_id,
        node["execution_id"],
    )
    assert last_good["revisions"] == node["revisions"]


def test_every_state_change_is_recorded_with_when_it_happened(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """The record of an execution lists each state change once, with the event's own time."""
    release_id = unique("changes")
    arn = releases.start(manifest(release_id, estate.payments))
    execution_id = releases.started(release_id, estate.payments)
    pipelines.approve(estate.payments, execution_id)
    releases.end(arn)

    record = ledger.execution(execution_id)
    assert (record["release_id"], record["pipeline"]) == (release_id, estate.payments)
    changes = {each["state"]: each for each in record["changes"]}
    assert set(changes) == {"SUCCEEDED"}
    for change in changes.values():
        assert MOMENT.fullmatch(change["at"])
        assert MOMENT.fullmatch(change["recorded_at"])
        assert (change["source"], change["attempt"]) == ("event", 1)
        # The time of an event has whole seconds, so it is never later than its record.
        assert change["at"] <= change["recorded_at"]
    node = ledger.pipeline(release_id, estate.payments)
    assert node["ended_at"] == changes["SUCCEEDED"]["at"]
    assert int(record["expires_at"]) > datetime.now(UTC).timestamp()


def test_the_audit_names_every_change_of_status_and_its_author(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """Header and pipelines list each change of status: when, who, what, before, after."""
    release_id = unique("audit")
    releases.end(releases.start(manifest(release_id, estate.catalog)))

    header = ledger.header(release_id)
    node = ledger.pipeline(release_id, estate.catalog)
    assert [(e["who"], e["before"], e["after"]) for e in header["audit"]] == [
        (account.function("open_release"), None, "RUNNING"),
        (account.function("close_release"), "RUNNING", "SUCCEEDED"),
    ]
    assert [(e["before"], e["after"]) for e in node["audit"]] == [
        (None, "WAITING"),
        ("WAITING", "STARTING"),
        ("STARTING", "RUNNING"),
        ("RUNNING", "SUCCEEDED"),
    ]
    assert node["audit"][0]["who"] == account.function("open_release")
    assert node["audit"][1]["who"] == account.function("run_pipeline")
    for item in (header, node):
        times = [entry["at"] for entry in item["audit"]]
        assert times == sorted(times)
        assert all(entry["what"] for entry in item["audit"])


def test_releases_and_rejections_are_listed_newest_first(
    releases: Releases, ledger: Ledger, refusals: Refusals, estate: Estate
) -> None:
    """The index on time has one entry for each release and each rejection."""
    release_id = unique("listed")
    releases.end(releases.start(manifest(release_id, estate.catalog)))
    refused = releases.start({"manifest": {}, "requestedBy": "ada@example.com"})
    refusals.cause(refused, "ManifestInvalid", "direct")

    def listed() -> list[str]:
        ours = {release_id, refused}
        found = [str(each["release_id"]) for each in ledger.newest(1000)]
        return [each for each in found if each in ours]

    # The index is updated a little later than the table.
    wait_until("both are listed, the newest first", lambda: listed() == [refused, release_id])


def test_the_workflows_own_history_is_kept(releases: Releases, estate: Estate) -> None:
    """The header names the workflow execution, whose history has every state in order."""
    release_id = unique("history")
    arn = releases.start(manifest(release_id, estate.catalog))
    releases.end(arn)
    assert releases.ledger.header(release_id)["execution_arn"] == arn
    assert releases.visited(arn) == [
        "OpenRelease",
        "IsReleaseNew",
        "RunPipelines",
        "CloseRelease",
        "IsReleaseGood",
        "ReleaseSucceeded",
    ]
    assert releases.children(arn)["succeeded"] == 1


def test_no_log_holds_a_task_token(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """The functions log no task token: every reader of the log could use it."""
    release_id = unique("secret")
    releases.end(releases.start(manifest(release_id, estate.catalog)))
    token = str(ledger.pipeline(release_id, estate.catalog)["task_token"])

    lines = [
        event["message"]
        for function in account.outputs["function_names"].values()
        for page in account.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{function}",
            startTime=int(releases.began.timestamp() * 1000),
        )
        for event in page["events"]
    ]

    assert any(release_id in line for line in lines)
    assert not any(token in line for line in lines)
