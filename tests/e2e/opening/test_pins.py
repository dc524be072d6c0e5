"""A manifest can say what each pipeline ships, and the record says what it really shipped."""

import json
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, SOURCE_KEY, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}
OTHER_KEYS = {"AllowOverrideForS3ObjectKey": "true"}


def pinned(pipeline: str, *pins: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A pipeline whose source action takes revisions of these types."""
    revisions = [
        {"actionName": "Source", "revisionType": kind, "revisionValue": value}
        for kind, value in pins
    ]
    return {"name": pipeline, "sourceRevisions": revisions, **more}


def test_an_older_version_is_shipped(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """A pinned pipeline deploys the version of the manifest; the one beside it, the newest."""
    key = unique("sources") + "/app 5.10.zip"
    old = pipelines.put_source(key, b"old")
    new = pipelines.put_source(key, b"new")
    first, second = (pipelines.make(source={"S3ObjectKey": key}) for _ in range(2))
    release_id = unique("pinned")

    arn = releases.start(manifest(release_id, pinned(first, ("S3_OBJECT_VERSION_ID", old)), second))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert (pipelines.page(first), pipelines.page(second)) == (b"old", b"new")
    for name, version in ((first, old), (second, new)):
        (shipped,) = ledger.pipeline(release_id, name)["revisions"]
        assert shipped == {
            "artifact": "app",
            "revision": version,
            "summary": f"Amazon S3 version id: {version}",
            "action": "Source",
            "type": "S3_OBJECT_VERSION_ID",
            "origin": {"S3Bucket": pipelines.bucket, "S3ObjectKey": key},
        }


def test_what_was_recorded_can_be_shipped_again(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """The revisions on record, another object's key among them, are pins as they stand."""
    key = unique("elsewhere") + ".zip"
    version = pipelines.put_source(key, b"elsewhere")
    name = pipelines.make(source=OTHER_KEYS, variables={"STAGE": "beta"})
    one, two, three = (unique("again") for _ in range(3))
    releases.end(
        releases.start(
            manifest(one, pinned(name, ("S3_OBJECT_KEY", key), variables={"STAGE": "v5.10"}))
        )
    )
    assert pipelines.page(name, "v5.10") == b"elsewhere"
    releases.end(releases.start(manifest(two, name)))
    pipelines.put_source(key, b"changed")

    before = ledger.pipeline(two, name)["previous_good"]
    assert (before["release_id"], before["variables"]) == (one, {"STAGE": "v5.10"})
    pins = [(each["type"], each["revision"]) for each in before["revisions"]]
    assert sorted(pins) == [("S3_OBJECT_KEY", key), ("S3_OBJECT_VERSION_ID", version)]
    back = pinned(name, *pins, variables=before["variables"] | {"STAGE": "back"})

    assert releases.end(releases.start(manifest(three, back)))["status"] == "SUCCEEDED"
    assert pipelines.page(name, "back") == b"elsewhere"
    assert ledger.pipeline(three, name)["previous_good"]["release_id"] == two


def test_variables_reach_the_execution(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Given values and defaults are used, and on record as they were resolved."""
    name = pipelines.make(variables={"STAGE": "beta", "COLOUR": "blue"})
    release_id = unique("variables")
    value = "5.10 \u00e4+(x)"
    arn = releases.start(manifest(release_id, {"name": name, "variables": {"STAGE": value}}))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert pipelines.page(name, value, "blue") == b"<h1>Released</h1>"
    node = ledger.pipeline(release_id, name)
    assert node["variables"] == {"STAGE": value}
    assert node["resolved_variables"] == {"STAGE": value, "COLOUR": "blue"}
    assert ledger.last_good(name)["variables"] == {"STAGE": value, "COLOUR": "blue"}


def test_every_start_has_the_same_pins(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    faults: Faults,
) -> None:
    """A start in place of a refused retry, and a resume, ship what the first start was to ship."""
    key = unique("sources") + ".zip"
    old = pipelines.put_source(key, b"old")
    pipelines.put_source(key, b"new")
    name = pipelines.make(source={"S3ObjectKey": key}, variables={"STAGE": "beta"})
    entry = pinned(name, ("S3_OBJECT_VERSION_ID", old), variables={"STAGE": "prod"}, retries=1)
    document = manifest(unique("resumed"), entry)
    refusal = faults.api(
        "fail", operation="RetryStageExecution", pipeline=name, code="StageNotRetryableException"
    )
    with faults.action("fail", pipeline=name, times=2, **BROKEN), refusal:
        assert releases.end(releases.start(document))["status"] == "FAILED"
    assert releases.end(releases.start(document | {"resume": True}))["status"] == "SUCCEEDED"

    executions = [each["pipelineExecutionId"] for each in pipelines.executions(name)]
    assert len(executions) == 3
    assert {pipelines.shipped(name, each) for each in executions} == {old}
    assert pipelines.page(name, "prod") == b"old"
    node = ledger.pipeline(document["releaseId"], name)
    assert (node["attempt"], node["revisions"][0]["revision"]) == (2, old)


@pytest.mark.parametrize("door", ["bucket", "API", "Step Functions"])
def test_wrong_pins_are_refused_with_every_problem(
    releases: Releases, refusals: Refusals, ledger: Ledger, pipelines: Pipelines, door: str
) -> None:
    """Through each door: all that does not fit is told with its place, and nothing is held."""
    plain, other = pipelines.make(), pipelines.make(variables={"STAGE": "beta"})
    document = manifest(
        unique("wrong"),
        pinned(plain, ("COMMIT_ID", "abc"), ("S3_OBJECT_KEY", SOURCE_KEY)),
        {
            "name": other,
            "variables": {"STAEG": "hunter2"},
            "sourceRevisions": [
                {"actionName": "Build", "revisionType": "COMMIT_ID", "revisionValue": "abc"}
            ],
        },
        {"name": unique("nowhere"), "variables": {"STAGE": "two\nlines"}},
        rollbackOf="earlier",
        onFailure="rollback",
    )

    arn, channel = _bring(releases, document, door)

    cause = refusals.cause(arn, "ManifestInvalid", channel)
    assert [line.partition(": ")[0] for line in cause.splitlines()] == [
        "The manifest has 7 problems:",
        "- pipelines[2].variables.STAGE",
        "- onFailure",
        "- pipelines[0].sourceRevisions[0].revisionType",
        "- pipelines[0].sourceRevisions[1].revisionType",
        "- pipelines[1].variables.STAEG",
        "- pipelines[1].sourceRevisions[0].actionName",
        "- pipelines[2]",
    ]
    assert "hunter2" not in cause
    assert not ledger.holder(plain)


def _bring(releases: Releases, document: dict[str, Any], door: str) -> tuple[str, str]:
    """Bring a manifest through a door; answers its execution and what the door is called."""
    if door == "bucket":
        return releases.execution_of(releases.drop(json.dumps(document))), "s3"
    if door == "API":
        answer = releases.post(json.dumps(document))
        assert answer.status == 202
        return str(answer.body["executionArn"]), "api"
    return releases.start(document), "direct"


def test_the_values_of_variables_are_not_logged(
    releases: Releases, account: Account, pipelines: Pipelines
) -> None:
    """No function says in its log what a variable was."""
    name = pipelines.make(variables={"STAGE": "beta"})
    secret = unique("hunter2")
    arn = releases.start(manifest(unique("quiet"), {"name": name, "variables": {"STAGE": secret}}))
    assert releases.end(arn)["status"] == "SUCCEEDED"
    for function in account.outputs["function_names"].values():
        pages = account.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{function}"
        )
        lines = [event["message"] for page in pages for event in page["events"]]
        assert lines, f"{function} has logged nothing"
        assert secret not in "\n".join(lines), function
