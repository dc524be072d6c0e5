"""A manifest starts the machine through each channel: direct, S3 and the API."""

import json

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import PAGE, Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


@pytest.mark.verify
def test_a_direct_start_releases_every_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """A manifest as the input of StartExecution is released."""
    release_id = unique("direct")

    arn = releases.start(manifest(release_id, estate.catalog, estate.orders))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    assert (header["status"], header["channel"]) == ("SUCCEEDED", "direct")
    assert "requester" not in header
    assert pipelines.page(estate.catalog) == pipelines.page(estate.orders) == PAGE


def test_a_direct_start_may_name_its_requester(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """The header records who is named in requestedBy beside the manifest."""
    release_id = unique("wrapped")

    arn = releases.start(
        {"manifest": manifest(release_id, estate.catalog), "requestedBy": "ada@example.com"}
    )

    assert releases.end(arn)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    assert (header["channel"], header["requester"]) == ("direct", "ada@example.com")


@pytest.mark.verify
def test_a_dropped_manifest_is_released(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """An object in the manifest bucket starts the machine, which reads that very version."""
    release_id = unique("dropped")

    key = releases.drop(json.dumps(manifest(release_id, estate.catalog)))

    arn = releases.execution_of(key)
    assert releases.end(arn)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    bucket = account.outputs["manifest_bucket"]
    version = account.s3.head_object(Bucket=bucket, Key=key)["VersionId"]
    assert header["channel"] == "s3"
    assert header["source"] == f"s3://{bucket}/{key}?versionId={version}"
    assert header["requester"]


def test_a_key_with_blanks_and_umlauts_is_found(releases: Releases, estate: Estate) -> None:
    """The S3 event names the key as it is, not URL-encoded."""
    key = f"rel eases/{unique('grün + 100%')}.json"

    releases.drop(json.dumps(manifest(unique("key"), estate.catalog)), key=key)

    assert releases.end(releases.execution_of(key))["status"] == "SUCCEEDED"


def test_only_json_keys_start_the_machine(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """An object whose key does not end in .json starts nothing."""
    ignored, taken = unique("ignored"), unique("taken")
    releases.drop(json.dumps(manifest(ignored, estate.catalog)), key=f"{ignored}.json.txt")

    key = releases.drop(json.dumps(manifest(taken, estate.catalog)))

    # The later object has been released: the earlier one would have started by now.
    assert releases.end(releases.execution_of(key))["status"] == "SUCCEEDED"
    assert releases.find(f"{ignored}.json.txt") is None
    assert ledger.items(ignored) == []


@pytest.mark.verify
def test_a_posted_manifest_is_accepted_and_released(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """The API answers 202 with the execution; the requester is the caller who signed."""
    release_id = unique("posted")

    answer = releases.post(json.dumps(manifest(release_id, estate.catalog)))

    assert answer.status == 202
    assert set(answer.body) == {"executionArn", "startDate"}
    arn = answer.body["executionArn"]
    assert releases.end(arn)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    assert (header["channel"], header["execution_arn"]) == ("api", arn)
    assert header["requester"] == account.caller
    assert header["source"] == json.loads(releases.describe(arn)["input"])["apiRequestId"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        "null",
        '"text"',
        '{"releaseId": "r"}',
        '{"pipelines": ["a"]}',
        '{"releaseId": "r", "pipelines": []}',
        '{"releaseId": "r", "pipelines": "a"}',
        '{"releaseId": "r", "pipelines": [1]}',
        '{"releaseId": ["r"], "pipelines": ["a"]}',
        '{"releaseId": "r", "pipelines": ["a"], "requestedBy": "somebody else"}',
        '{"releaseId": "r", "pipelines": ["a"]',
        "not JSON",
    ],
)
def test_the_api_rejects_an_invalid_manifest(releases: Releases, body: str) -> None:
    """A body that is not JSON, or does not match the manifest's schema, gets 400."""
    assert releases.post(body).status == 400


def test_the_api_rejects_another_content_type(releases: Releases, estate: Estate) -> None:
    """A content type that the validator does not check gets 415."""
    body = json.dumps(manifest(unique("text"), estate.catalog))
    assert releases.post(body, content_type="text/plain").status == 415


def test_a_body_cannot_name_the_requester(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """Keys of the API's own input in the body are rejected, so no caller can forge them."""
    release_id = unique("forged")
    forged = json.dumps(manifest(release_id, estate.catalog))[:-1] + ', "apiRequestId": "x"}'
    assert releases.post(forged).status == 400
    assert ledger.items(release_id) == []


@pytest.mark.parametrize("channel", ["direct", "wrapped", "s3", "api"])
def test_a_deadline_of_null_is_no_deadline(
    releases: Releases, ledger: Ledger, estate: Estate, channel: str
) -> None:
    """Through each channel, null means that an optional key is absent."""
    release_id = unique("null")
    optional = {"$schema": None, "maxConcurrency": None, "deadline": None, "rollbackOf": None}
    text = json.dumps(manifest(release_id, estate.catalog, **optional))

    arn = hand_in(text, channel, releases)

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert "deadline" not in ledger.header(release_id)


@pytest.mark.parametrize("channel", ["s3", "api"])
@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
def test_a_charset_in_the_content_type_changes_nothing(
    releases: Releases, ledger: Ledger, estate: Estate, channel: str, content_type: str
) -> None:
    """JSON is UTF-8, whether the content type says so or not."""
    release_id = unique("charset")
    text = json.dumps(manifest(release_id, estate.catalog))

    arn = hand_in(text, channel, releases, content_type=content_type)

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["channel"] == channel
    if channel == "api":
        assert releases.post("{}", content_type=content_type).status == 400


def test_a_direct_start_cannot_claim_the_api(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """The input of the API, given to the state machine itself, is recorded as a direct start."""
    release_id = unique("claimed")
    body = manifest(release_id, estate.catalog)

    arn = releases.start({"manifest": body, "requestedBy": "the boss", "apiRequestId": "x"})

    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ledger.header(release_id)["channel"] == "direct"


def test_an_object_of_another_bucket_is_refused(
    releases: Releases, refusals: Refusals, pipelines: Pipelines, account: Account, estate: Estate
) -> None:
    """An S3 event that names another bucket is rejected, although the object is a manifest."""
    body = json.dumps(manifest(unique("elsewhere"), estate.catalog))
    account.s3.put_object(Bucket=pipelines.bucket, Key="manifest.json", Body=body.encode())
    detail = {"bucket": {"name": pipelines.bucket}, "object": {"key": "manifest.json"}}

    arn = releases.start({"source": "aws.s3", "detail": detail})

    cause = refusals.cause(arn, "ManifestUnreadable", None)
    assert f"reads manifests only from {account.outputs['manifest_bucket']}" in cause


@pytest.mark.parametrize("channel", ["direct", "wrapped", "s3", "api"])
def test_a_number_keeps_its_spelling_through_each_channel(
    releases: Releases, ledger: Ledger, estate: Estate, channel: str
) -> None:
    """A numeric release id is read as it is written: N.1 and N.10 are two releases."""
    number = 10**9 + int(unique("n").rpartition("-")[2], 16) % 10**9
    for written in (f"{number}.1", f"{number}.10"):
        text = f'{{"releaseId": {written}, "pipelines": ["{estate.catalog}"]}}'

        arn = hand_in(text, channel, releases)

        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert releases.visited(arn)[-1] == "ReleaseSucceeded"
        assert ledger.header(written)["execution_arn"] == arn


def hand_in(
    text: str, channel: str, releases: Releases, *, content_type: str = "application/json"
) -> str:
    """Hand a manifest's text in through one channel; return the execution's ARN."""
    match channel:
        case "direct":
            return releases.start(text)
        case "wrapped":
            return releases.start(f'{{"manifest": {text}}}')
        case "s3":
            return releases.execution_of(releases.drop(text, content_type=content_type))
        case _:
            answer = releases.post(text, content_type=content_type)
            assert answer.status == 202
            return str(answer.body["executionArn"])
