"""Whatever comes in by a door gets a clear answer: it crashes nothing and starts nothing."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.e2e.account.account import Account
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases

pytestmark = pytest.mark.platform

TEN_MB = 10_000_000
DEEP = '{"releaseId": "deep", "pipelines": ' + "[" * 20_000 + "]" * 20_000 + "}"
HALF = "\\ud800"  # half a character, which JSON can spell and nothing can encode

DROPPED = [
    pytest.param(b"", "ManifestUnreadable", "is not JSON", id="empty"),
    pytest.param(b'{"releaseId": "r"', "ManifestUnreadable", "is not JSON", id="cut"),
    pytest.param(b"{}", "ManifestInvalid", "releaseId: is required", id="{}"),
    pytest.param(b"null", "ManifestInvalid", "must be a JSON object", id="null"),
    pytest.param(b'{"releaseId": NaN}', "ManifestUnreadable", "NaN", id="NaN"),
    pytest.param(b'{"a": 1, "a": 2}', "ManifestUnreadable", "repeated keys", id="repeated"),
    pytest.param('{"a": "ü"}'.encode("latin-1"), "ManifestUnreadable", "not UTF-8", id="latin-1"),
    pytest.param('{"a": "u"}'.encode("utf-16"), "ManifestUnreadable", "not UTF-8", id="utf-16"),
    pytest.param(DEEP.encode(), "ManifestUnreadable", "nested too deeply", id="deep"),
    pytest.param(b"x" * TEN_MB, "ManifestUnreadable", "10,000,000 bytes", id="10MB"),
]

NO_BUCKET = {"bucket": {"name": "no bucket!"}, "object": {"key": "k"}}

# Beside the error the channel, which is not known when the input as a whole makes no sense.
DIRECT = [
    pytest.param("[]", "ManifestInvalid", "direct", id="list"),
    pytest.param('"text"', "ManifestInvalid", "direct", id="text"),
    pytest.param('{"manifest": {}}', "ManifestInvalid", "direct", id="empty"),
    pytest.param('{"manifest": {}, "typo": "me"}', "ManifestInvalid", None, id="other-key"),
    pytest.param('{"manifest": {}, "requestedBy": 5}', "ManifestInvalid", None, id="number"),
    pytest.param(
        f'{{"manifest": {{}}, "requestedBy": "{HALF}"}}', "ManifestInvalid", None, id="half-name"
    ),
    pytest.param(f'{{"manifest": {{}}, "{HALF}": 1}}', "ManifestInvalid", None, id="half-key"),
    pytest.param(
        f'{{"releaseId": "{HALF}", "pipelines": ["{HALF}"]}}',
        "ManifestInvalid",
        "direct",
        id="half-id",
    ),
    pytest.param(
        json.dumps({"manifest": {}, "requestedBy": "x" * 250_000}),
        "ManifestInvalid",
        None,
        id="long-name",
    ),
    pytest.param(
        json.dumps({"manifest": {}, "x" * 250_000: 1}), "ManifestInvalid", None, id="long-key"
    ),
    pytest.param(
        '{"K": 1, "K": 2}'.replace("K", "x" * 120_000),
        "ManifestUnreadable",
        None,
        id="long-repeated",
    ),
    pytest.param(
        '{"releaseId": 1e999, "pipelines": [1e999]}', "ManifestInvalid", "direct", id="infinite"
    ),
    pytest.param(json.dumps({"releaseId": "x" * TEN_MB}), "ManifestUnreadable", None, id="10MB"),
    pytest.param('{"source": "aws.s3", "detail": {}}', "ManifestUnreadable", None, id="no-object"),
    pytest.param('{"source": "aws.s3", "detail": 1}', "ManifestUnreadable", None, id="no-detail"),
    pytest.param(
        json.dumps({"source": "aws.s3", "detail": NO_BUCKET}),
        "ManifestUnreadable",
        None,
        id="no-bucket",
    ),
]


@pytest.mark.parametrize(("content", "error", "words"), DROPPED)
def test_a_dropped_object_that_is_no_manifest_is_refused(
    releases: Releases, refusals: Refusals, content: bytes, error: str, words: str
) -> None:
    """Whatever lies in the bucket gets a clear refusal that is on record."""
    arn = releases.execution_of(releases.drop(content))
    assert words in refusals.cause(arn, error, "s3")


def test_an_object_that_is_gone_is_refused(
    releases: Releases, refusals: Refusals, account: Account
) -> None:
    """An object deleted before it was read makes the release fail, not succeed or hang."""
    bucket, key = account.outputs["manifest_bucket"], releases.drop("{}")
    event = releases.describe(releases.execution_of(key))["input"]
    version = json.loads(event)["detail"]["object"]["version-id"]
    account.s3.delete_object(Bucket=bucket, Key=key, VersionId=version)

    # The event again, as EventBridge may deliver it twice and late.
    cause = refusals.cause(releases.start(event), "ManifestUnreadable", "s3")

    assert (
        cause
        == f"s3://{bucket}/{key}?versionId={version} cannot be read: S3 answered NoSuchVersion"
    )


@pytest.mark.parametrize(("document", "error", "channel"), DIRECT)
def test_a_direct_input_that_is_no_manifest_is_refused(
    releases: Releases, refusals: Refusals, document: str, error: str, channel: str | None
) -> None:
    """No input crashes the function that reads it: each is refused, clearly and on record."""
    refusals.cause(releases.start(document), error, channel)


@pytest.mark.parametrize("document", ["", "not JSON", DEEP], ids=["empty", "text", "deep"])
def test_an_input_that_is_not_json_starts_nothing(releases: Releases, document: str) -> None:
    """Step Functions itself refuses what is not JSON."""
    with pytest.raises(ClientError) as refused:
        releases.start(document)
    assert refused.value.response["Error"]["Code"] == "InvalidExecutionInput"


@pytest.mark.parametrize(
    "body",
    ['{"releaseId": "ü", "pipelines": ["a"]}'.encode("latin-1"), DEEP.encode()],
    ids=["latin-1", "deep"],
)
def test_the_api_refuses_what_cannot_be_parsed(releases: Releases, body: bytes) -> None:
    """A body that is no JSON text is not accepted; LocalStack answers 500 where AWS says 400."""
    assert releases.post(body).status in {400, 500}


def test_ten_megabytes_by_the_api_are_refused(releases: Releases, refusals: Refusals) -> None:
    """A body over the limit ends in a refusal.

    AWS refuses it at the door, as Step Functions takes 256 KiB; LocalStack lets it through.
    """
    body = json.dumps({"releaseId": "big", "pipelines": ["x" * TEN_MB]})
    answer = releases.post(body)
    assert answer.status == 202
    cause = refusals.cause(answer.body["executionArn"], "ManifestUnreadable", None)
    assert "a manifest has at most 262,144" in cause
