"""Three doors lead to one machine."""

import json
from urllib.parse import urlsplit

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import PAGE, Estate, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_a_direct_start_releases_every_pipeline(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """A manifest given to StartExecution as it is, is released to its end."""
    release_id = unique("direct")

    arn = releases.start(manifest(release_id, estate.catalog, estate.orders))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    assert (header["status"], header["channel"]) == ("SUCCEEDED", "direct")
    assert "requester" not in header
    assert pipelines.page(estate.catalog) == pipelines.page(estate.orders) == PAGE


def test_a_direct_start_may_say_who_asks(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """A manifest wrapped with requestedBy is released in that person's name."""
    release_id = unique("wrapped")

    arn = releases.start(
        {"manifest": manifest(release_id, estate.catalog), "requestedBy": "ada@example.com"}
    )

    assert releases.end(arn)["status"] == "SUCCEEDED"
    header = ledger.header(release_id)
    assert (header["channel"], header["requester"]) == ("direct", "ada@example.com")


def test_a_dropped_manifest_is_released(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """An object in the manifest bucket starts the machine, which reads that version of it."""
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
    """The event names the key as it is, not as a URL spells it."""
    key = f"rel eases/{unique('grün + 100%')}.json"

    releases.drop(json.dumps(manifest(unique("key"), estate.catalog)), key=key)

    assert releases.end(releases.execution_of(key))["status"] == "SUCCEEDED"


def test_only_json_keys_start_the_machine(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """An object whose key does not end in .json may lie in the bucket and starts nothing."""
    ignored, taken = unique("ignored"), unique("taken")
    releases.drop(json.dumps(manifest(ignored, estate.catalog)), key=f"{ignored}.json.txt")

    key = releases.drop(json.dumps(manifest(taken, estate.catalog)))

    # By the time the later object has been released whole, the earlier one would have been begun.
    assert releases.end(releases.execution_of(key))["status"] == "SUCCEEDED"
    assert releases.find(f"{ignored}.json.txt") is None
    assert ledger.items(ignored) == []


def test_a_posted_manifest_is_accepted_and_released(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """The API answers 202 with the execution; the release is in the name of who signed."""
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


def test_the_api_asks_for_a_signature(account: Account) -> None:
    """The deployed method takes IAM-signed calls only.

    LocalStack does not enforce it: there an unsigned call gets 202 too.
    """
    api_id = str(urlsplit(account.outputs["api_url"]).hostname).partition(".")[0]
    resources = account.api.get_resources(restApiId=api_id)["items"]
    (resource_id,) = [each["id"] for each in resources if each["path"] == "/releases"]
    method = account.api.get_method(restApiId=api_id, resourceId=resource_id, httpMethod="POST")
    assert method["authorizationType"] == "AWS_IAM"


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
def test_the_api_refuses_what_is_no_manifest(releases: Releases, body: str) -> None:
    """A body that is not JSON, or not of the manifest's shape, gets 400 and starts nothing."""
    assert releases.post(body).status == 400


def test_the_api_refuses_another_content_type(releases: Releases, estate: Estate) -> None:
    """A type that the validator would not look at gets 415."""
    body = json.dumps(manifest(unique("text"), estate.catalog))
    assert releases.post(body, content_type="text/plain").status == 415


def test_nobody_can_post_in_the_name_of_another(
    releases: Releases, ledger: Ledger, estate: Estate
) -> None:
    """What the body says beside the manifest never becomes the requester."""
    release_id = unique("forged")
    forged = json.dumps(manifest(release_id, estate.catalog))[:-1] + ', "apiRequestId": "x"}'
    assert releases.post(forged).status == 400
    assert ledger.items(release_id) == []


@pytest.mark.parametrize("door", ["direct", "wrapped", "s3", "api"])
def test_a_number_keeps_its_spelling_through_every_door(
    releases: Releases, ledger: Ledger, estate: Estate, door: str
) -> None:
    """The ancestor's numeric id is taken as it was written: N.1 and N.10 are two releases."""
    number = 10**9 + int(unique("n").rpartition("-")[2], 16) % 10**9
    for written in (f"{number}.1", f"{number}.10"):
        text = f'{{"releaseId": {written}, "pipelines": ["{estate.catalog}"]}}'

        arn = through(door, text, releases)

        assert releases.end(arn)["status"] == "SUCCEEDED"
        assert releases.visited(arn)[-1] == "ReleaseSucceeded"
        assert ledger.header(written)["execution_arn"] == arn


def through(door: str, text: str, releases: Releases) -> str:
    """Bring a manifest's text in by one door; answers the execution's ARN."""
    match door:
        case "direct":
            return releases.start(text)
        case "wrapped":
            return releases.start(f'{{"manifest": {text}}}')
        case "s3":
            return releases.execution_of(releases.drop(text))
        case _:
            answer = releases.post(text)
            assert answer.status == 202
            return str(answer.body["executionArn"])
