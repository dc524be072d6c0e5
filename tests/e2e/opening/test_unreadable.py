"""Any input gets a clear rejection: none crashes a function or starts a pipeline.

Unit tests try more inputs. These are the ones that S3, Step Functions, Lambda or the API could
spoil on the way, or that could spoil the way of the rejection back.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.e2e.account.account import Account
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases

pytestmark = pytest.mark.platform

TEN_MB = 10_000_000
DEEP = '{"releaseId": "deep", "pipelines": ' + "[" * 20_000 + "]" * 20_000 + "}"
HALF = "\\ud800"  # half a surrogate pair: JSON can spell it, UTF-8 cannot encode it

DROPPED = [
    pytest.param(b"", "is not JSON", id="empty"),
    pytest.param(b'{"releaseId": "r"', "is not JSON", id="cut"),
    pytest.param(b"x" * TEN_MB, "10,000,000 bytes", id="10MB"),
]

NO_BUCKET = {"bucket": {"name": "no bucket!"}, "object": {"key": "k"}}

# Input, error and channel; the channel is unknown when the input as a whole cannot be read.
DIRECT = [
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
    pytest.param(
        json.dumps({"source": "aws.s3", "detail": NO_BUCKET}),
        "ManifestUnreadable",
        None,
        id="no-bucket",
    ),
]


@pytest.mark.parametrize(("content", "words"), DROPPED)
def test_an_unreadable_object_is_rejected(
    releases: Releases, refusals: Refusals, content: bytes, words: str
) -> None:
    """An object that is not a manifest ends in a rejection that is on record."""
    arn = releases.execution_of(releases.drop(content))
    assert words in refusals.cause(arn, "ManifestUnreadable", "s3")


def test_a_deleted_object_is_rejected(
    releases: Releases, refusals: Refusals, account: Account
) -> None:
    """An object that is deleted before it is read makes the release fail, not hang."""
    bucket, key = account.outputs["manifest_bucket"], releases.drop("{}")
    event = releases.describe(releases.execution_of(key))["input"]
    version = json.loads(event)["detail"]["object"]["version-id"]
    account.s3.delete_object(Bucket=bucket, Key=key, VersionId=version)

    # The same event again: EventBridge may deliver it twice and late.
    cause = refusals.cause(releases.start(event), "ManifestUnreadable", "s3")

    assert (
        cause
        == f"s3://{bucket}/{key}?versionId={version} cannot be read: S3 answered NoSuchVersion"
    )


@pytest.mark.parametrize(("document", "error", "channel"), DIRECT)
def test_an_unreadable_input_is_rejected(
    releases: Releases, refusals: Refusals, document: str, error: str, channel: str | None
) -> None:
    """The function that reads the input rejects it, clearly and on record, and never crashes."""
    refusals.cause(releases.start(document), error, channel)


@pytest.mark.parametrize("document", ["", "not JSON", DEEP], ids=["empty", "text", "deep"])
def test_an_input_that_is_not_json_starts_nothing(releases: Releases, document: str) -> None:
    """Step Functions itself rejects an input that is not JSON."""
    with pytest.raises(ClientError) as refused:
        releases.start(document)
    assert refused.value.response["Error"]["Code"] == "InvalidExecutionInput"


@pytest.mark.parametrize(
    "body",
    ['{"releaseId": "ü", "pipelines": ["a"]}'.encode("latin-1"), DEEP.encode()],
    ids=["latin-1", "deep"],
)
def test_the_api_rejects_a_body_that_cannot_be_parsed(releases: Releases, body: bytes) -> None:
    """A body that is not JSON text is not accepted; AWS answers 400, LocalStack 500."""
    assert releases.post(body).status in {400, 500}


def test_ten_megabytes_through_the_api_are_rejected(releases: Releases, refusals: Refusals) -> None:
    """A body over the limit ends in a rejection.

    On AWS the API itself rejects it: Step Functions takes at most 256 KiB. LocalStack accepts it.
    """
    body = json.dumps({"releaseId": "big", "pipelines": ["x" * TEN_MB]})
    answer = releases.post(body)
    assert answer.status == 202
    cause = refusals.cause(answer.body["executionArn"], "ManifestUnreadable", None)
    assert "a manifest has at most 262,144" in cause
