"""A release is opened once, however it is submitted, or rejected with all its problems."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.domain.release import ReleaseStatus
from release_core.errors import ManifestInvalid, ManifestUnreadable, Rejection, ReleaseIdTaken
from release_core.problems import one_line
from release_core.strict_json import MAX_BYTES, write_json
from tests.fakes.service import Refused
from tests.worlds.faults import refuse
from tests.worlds.release_world import ReleaseWorld

BUCKET = "manifests"


def drop(world: ReleaseWorld, body: bytes, key: str = "release.json") -> str:
    """Put an object into the bucket; returns the execution that its event starts."""
    put = world.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return world.start(dropped(key, put["VersionId"]))


def dropped(key: str, version: str) -> str:
    """The input that the event of an object makes."""
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": key, "size": 1, "version-id": version},
            "requester": "123456789012",
        },
    }
    return json.dumps(event)


MANIFEST = b'{"releaseId": 5.10, "pipelines": ["orders", {"name": "catalog"}]}'


def test_a_dropped_manifest_opens_its_release(world: ReleaseWorld) -> None:
    """The version of the object in the event is read, even if a newer one exists."""
    arn = drop(world, MANIFEST)
    world.s3.put_object(Bucket=BUCKET, Key="release.json", Body=b"overwritten")
    assert world.open_release(arn) == {
        "outcome": "OPENED",
        "release_id": "5.10",
        "pipelines": ["orders", "catalog"],
        "attempt": 1,
        "wait_seconds": 3600,
        "look_after_seconds": 3600,
        "released_by": arn,
        "plan": None,
    }
    header = world.item("release", "5.10")
    assert header["channel"] == "s3"
    assert header["requester"] == "123456789012"
    assert header["source"].startswith("s3://manifests/release.json?versionId=v")


@pytest.mark.parametrize(
    ("says", "recorded"),
    [
        ("arn:alice", "arn:alice"),
        ("", "123456789012"),
        ("x" * 1001, "123456789012"),
        ("a\u202eb", "123456789012"),
    ],
)
def test_the_metadata_of_an_object_names_the_requester(
    world: ReleaseWorld, says: str, recorded: str
) -> None:
    """The requester is the metadata requested-by if valid, or else the account of the event."""
    put = world.s3.put_object(
        Bucket=BUCKET, Key="release.json", Body=MANIFEST, Metadata={"requested-by": says}
    )
    world.open_release(world.start(dropped("release.json", put["VersionId"])))
    header = world.item("release", "5.10")
    assert header["requester"] == header["audit"][0]["who"] == recorded


def test_an_event_of_another_bucket_is_refused(world: ReleaseWorld) -> None:
    """Only objects of the deployment's bucket are manifests, whoever starts the execution."""
    event = json.loads(dropped("release.json", "v1"))
    event["detail"]["bucket"]["name"] = "elsewhere"
    with pytest.raises(
        ManifestUnreadable, match=r"names the bucket elsewhere.*only from manifests"
    ):
        world.open_release(world.start(json.dumps(event)))


def test_a_direct_start_cannot_claim_the_api(world: ReleaseWorld) -> None:
    """The input of the API, given to the state machine itself, is a direct start."""
    wrapped = {"manifest": json.loads(MANIFEST), "requestedBy": "arn:ceo", "apiRequestId": "q1"}
    world.open_release(world.start(json.dumps(wrapped)))
    assert world.item("release", "5.1")["channel"] == "direct"


def test_a_posted_manifest_opens_its_release(world: ReleaseWorld) -> None:
    """For a manifest from the API, the caller and the request id are recorded."""
    body = MANIFEST.decode()
    wrapped = f'{{"manifest": {body}, "requestedBy": "arn:user", "apiRequestId": "q1"}}'
    arn = world.start(wrapped, alias="api")
    assert world.open_release(arn)["release_id"] == "5.10"
    header = world.item("release", "5.10")
    assert (header["channel"], header["requester"], header["source"]) == ("api", "arn:user", "q1")


@pytest.mark.parametrize(
    "text", [MANIFEST.decode(), f'{{"manifest": {MANIFEST.decode()}, "requestedBy": "me"}}']
)
def test_a_direct_manifest_opens_its_release(world: ReleaseWorld, text: str) -> None:
    """A manifest can be the input itself or be wrapped, and 5.10 stays 5.10."""
    assert world.open_release(world.start(text))["release_id"] == "5.10"
    assert world.item("release", "5.10")["channel"] == "direct"


def test_5_1_and_5_10_are_two_releases(world: ReleaseWorld) -> None:
    """5.1 and 5.10 are different release ids."""
    for release_id, pipeline in (("5.1", "orders"), ("5.10", "catalog")):
        arn = world.start(f'{{"releaseId": {release_id}, "pipelines": ["{pipeline}"]}}')
        assert world.open_release(arn)["outcome"] == "OPENED"


def test_the_same_manifest_again_is_already_released(world: ReleaseWorld) -> None:
    """The same manifest in another form returns the execution that released it first."""
    first = world.begin("orders", "catalog", release_id="5.10")
    again = world.open_release(
        drop(world, b'{"pipelines":["orders","catalog"],"releaseId":"5.10"}')
    )
    assert again["outcome"] == "ALREADY_RELEASED"
    assert again["released_by"] == first


def test_the_same_id_with_another_manifest_is_rejected(world: ReleaseWorld) -> None:
    """The rejection names the release that has the id, and says what to do."""
    first = world.begin("orders")
    arn = world.start('{"releaseId": "r", "pipelines": ["catalog"]}')
    with pytest.raises(ReleaseIdTaken) as caught:
        world.open_release(arn)
    assert first in str(caught.value)
    assert "give this manifest another releaseId" in str(caught.value)
    assert world.item("release", arn)["status"] == "REJECTED"
    assert world.release().status is ReleaseStatus.RUNNING


def test_a_retry_of_the_opening_returns_the_same(world: ReleaseWorld) -> None:
    """If the workflow retries the opening, it gets the same output."""
    arn = world.start('{"releaseId": "r", "pipelines": ["orders"]}')
    assert world.open_release(arn) == world.open_release(arn)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "is not JSON"),
        (b'{"releaseId": NaN, "pipelines": ["orders"]}', "NaN is not a JSON number"),
        (b"\xff\xfe", "is not UTF-8"),
        (b" " * (MAX_BYTES + 1), "a manifest has at most"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_an_unreadable_object_is_rejected_and_recorded(
    world: ReleaseWorld, body: bytes, says: str
) -> None:
    """An unreadable object is rejected as ManifestUnreadable with the object's place."""
    arn = drop(world, body)
    with pytest.raises(ManifestUnreadable, match=says):
        world.open_release(arn)
    item = world.item("release", arn)
    assert item["status"] == "REJECTED"
    assert item["why"].startswith("ManifestUnreadable: s3://manifests/release.json")
    assert item["channel"] == "s3"
    assert (item["dropped"]["bucket"], item["dropped"]["key"]) == (BUCKET, "release.json")
    assert item["dropped"]["version_id"] in item["why"]
    assert "requested_id" not in item


def test_a_missing_or_denied_object_is_rejected(world: ReleaseWorld) -> None:
    """An object that is missing, or may not be read, is rejected with S3's error code."""
    with pytest.raises(ManifestUnreadable, match="NoSuchKey"):
        world.open_release(world.start(dropped("gone.json", "v1")))
    arn = drop(world, MANIFEST)
    world.s3.denied.add((BUCKET, "release.json"))
    with pytest.raises(ManifestUnreadable, match="AccessDenied"):
        world.open_release(arn)


@pytest.mark.parametrize(
    ("code", "status"),
    [("InvalidArgument", 400), ("PermanentRedirect", 301), ("KMS.DisabledException", 400)],
)
def test_a_permanent_error_of_s3_is_rejected(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    """An S3 error that a retry cannot fix is rejected and recorded."""
    refuse(monkeypatch, world.s3, "get_object", Refused(code, "no", status=status))
    arn = world.start(dropped("release.json", "v1"))
    with pytest.raises(ManifestUnreadable, match=code):
        world.open_release(arn)
    assert world.item("release", arn)["status"] == "REJECTED"


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("RequestTimeout", 400)])
def test_a_temporary_error_of_s3_is_retried(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    """A temporary S3 error is raised, so that the workflow retries; nothing is rejected."""
    arn = drop(world, MANIFEST)
    with monkeypatch.context() as patch:
        refuse(patch, world.s3, "get_object", Refused(code, "no", status=status))
        with pytest.raises(ClientError):
            world.open_release(arn)
    assert world.open_release(arn)["outcome"] == "OPENED"


TWO_BYTES = "\u00e9"
THREE_BYTES = "\ue000"  # not printable


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"manifest": 1, "x" * 250_000: 1}),
        json.dumps({"manifest": 1, "requestedBy": TWO_BYTES * 110_000}, ensure_ascii=False),
        json.dumps({"manifest": 1} | {f"key {number}": 1 for number in range(15_000)}),
        '{"%s": 1, "%s": 2}' % ((THREE_BYTES * 40_000,) * 2),
        '{"manifest": 1, "requestedBy": "\\ud800"}',
        '{"manifest": 1, "\\ud800": 2}',
    ],
    ids=["long key", "long name", "many keys", "repeated key", "half a character", "half a key"],
)
def test_a_huge_or_broken_input_gets_a_short_rejection(world: ReleaseWorld, text: str) -> None:
    """The rejection of a huge or broken input fits into the ledger and a Fail state's cause."""
    arn = world.start(text)
    with pytest.raises(Rejection) as caught:
        world.open_release(arn)
    assert len(str(caught.value).encode()) < 20_000
    assert world.item("release", arn)["status"] == "REJECTED"


def test_an_invalid_manifest_is_rejected_and_recorded(world: ReleaseWorld) -> None:
    """Unknown pipelines are found before the release id is claimed."""
    arn = world.start('{"releaseId": "r", "pipelines": ["orders", "nowhere"]}')
    with pytest.raises(ManifestInvalid, match="no pipeline 'nowhere'"):
        world.open_release(arn)
    assert world.ledger.get_release("r") is None
    item = world.item("release", arn)
    assert "nowhere" in item["why"]
    assert item["requested_id"] == "r"
    assert "dropped" not in item


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"releaseId": 5.10, "pipelines": []}, "5.1"),
        ({"releaseId": "a\nb" + "c" * 500, "pipelines": []}, one_line("a\nb" + "c" * 500)),
        ({"releaseId": "", "pipelines": []}, None),
        ({"retry": "gone"}, "gone"),
        ({"rollBack": "gone", "releaseId": "gone-rollback"}, "gone-rollback"),
    ],
)
def test_a_rejection_has_the_id_that_was_asked_for(
    world: ReleaseWorld, request_: dict[str, Any], named: str | None
) -> None:
    """People find it by the id that they know, valid or not, in one line."""
    arn = world.start(json.dumps(request_))
    with pytest.raises(Rejection):
        world.open_release(arn)
    assert world.item("release", arn).get("requested_id") == named
    release = world.ledger.get_release(arn)
    assert release is not None
    assert release.requested_id == named


@pytest.mark.parametrize("document", [{}, [], 5, "x", None, {"manifest": None}, {"manifest": []}])
def test_an_input_that_is_no_manifest_is_rejected(world: ReleaseWorld, document: Any) -> None:
    """An input that is no manifest is rejected and recorded."""
    arn = world.start(write_json(document))
    with pytest.raises(ManifestInvalid):
        world.open_release(arn)
    assert world.item("release", arn)["status"] == "REJECTED"
