"""A manifest can pin what each pipeline ships, and the ledger records what was shipped."""

import json
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import HIDDEN, SOURCE_KEY, Pipelines, hidden, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

OTHER_KEYS = {"AllowOverrideForS3ObjectKey": "true"}


def pinned(pipeline: str, *pins: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return a pipeline of a manifest with these pins: revision types and values."""
    revisions = [
        {"actionName": "Source", "revisionType": kind, "revisionValue": value}
        for kind, value in pins
    ]
    return {"name": pipeline, "sourceRevisions": revisions, **more}


def test_an_older_version_is_shipped(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """A pinned pipeline deploys the pinned version; the other one deploys the newest."""
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
    """Recorded revisions, also of another object key, can be used as pins unchanged."""
    key = unique("elsewhere") + ".zip"
    version = pipelines.put_source(key, b"elsewhere")
    name = pipelines.make(source=OTHER_KEYS, variables={"STAGE": "beta"})
    one, two, three = (unique("again") for _ in range(3))
    releases.end(
        releases.start(
            manifest(one, pinned(name, ("S3_OBJECT_KEY", key), variables={"STAGE": hidden("5.10")}))
        )
    )
    assert pipelines.page(name, hidden("5.10")) == b"elsewhere"
    releases.end(releases.start(manifest(two, name)))
    pipelines.put_source(key, b"changed")

    before = ledger.pipeline(two, name)["previous_good"]
    assert (before["release_id"], before["variables"]) == (one, {"STAGE": hidden("5.10")})
    pins = [(each["type"], each["revision"]) for each in before["revisions"]]
    assert sorted(pins) == [("S3_OBJECT_KEY", key), ("S3_OBJECT_VERSION_ID", version)]
    back = pinned(name, *pins, variables=before["variables"] | {"STAGE": hidden("back")})

    assert releases.end(releases.start(manifest(three, back)))["status"] == "SUCCEEDED"
    assert pipelines.page(name, hidden("back")) == b"elsewhere"
    assert ledger.pipeline(three, name)["previous_good"]["release_id"] == two


def test_variables_reach_the_execution(
    releases: Releases, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Given values and defaults reach the pipeline; the ledger records both."""
    name = pipelines.make(variables={"STAGE": "beta", "COLOUR": "blue"})
    release_id = unique("variables")
    value = hidden("5.10 \u00e4+(x)")
    arn = releases.start(manifest(release_id, {"name": name, "variables": {"STAGE": value}}))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert pipelines.page(name, value, "blue") == b"<h1>Released</h1>"
    node = ledger.pipeline(release_id, name)
    assert node["variables"] == {"STAGE": value}
    assert node["resolved_variables"] == {"STAGE": value, "COLOUR": "blue"}
    assert ledger.last_good(name)["variables"] == {"STAGE": value, "COLOUR": "blue"}


def test_wrong_pins_are_rejected_with_every_problem(
    releases: Releases, refusals: Refusals, ledger: Ledger, pipelines: Pipelines
) -> None:
    """Each pin that does not fit its pipeline is named with its path, and no pipeline is locked."""
    plain, other = pipelines.make(), pipelines.make(variables={"STAGE": "beta"})
    document = manifest(
        unique("wrong"),
        pinned(plain, ("COMMIT_ID", "abc"), ("S3_OBJECT_KEY", SOURCE_KEY)),
        {
            "name": other,
            "variables": {"STAEG": hidden("wrong")},
            "sourceRevisions": [
                {"actionName": "Build", "revisionType": "COMMIT_ID", "revisionValue": "abc"}
            ],
        },
        {"name": unique("nowhere"), "variables": {"STAGE": hidden("two\nlines")}},
        rollbackOf="earlier",
        onFailure="rollback",
    )

    answer = releases.post(json.dumps(document))

    cause = refusals.cause(answer.body["executionArn"], "ManifestInvalid", "api")
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
    assert HIDDEN not in cause
    assert not ledger.holder(plain)


def test_the_values_of_variables_are_not_logged(
    releases: Releases, account: Account, pipelines: Pipelines
) -> None:
    """No function logs the value of a variable."""
    name = pipelines.make(variables={"STAGE": "beta"})
    secret = hidden(unique("quiet"))
    arn = releases.start(manifest(unique("quiet"), {"name": name, "variables": {"STAGE": secret}}))
    assert releases.end(arn)["status"] == "SUCCEEDED"
    lines = [
        event["message"]
        for function in account.outputs["function_names"].values()
        for page in account.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{function}"
        )
        for event in page["events"]
    ]
    assert any(name in line for line in lines)
    assert not any(secret in line for line in lines)
