"""The input of a workflow execution tells how the manifest was submitted."""

import json

import pytest

from release_core.errors import ManifestInvalid, ManifestUnreadable
from release_core.manifest.requests import DroppedObject, Submission, read_request
from release_core.strict_json import ExactNumber

MANIFEST = {"releaseId": "r", "pipelines": ["orders"]}


def dropped(**detail: object) -> str:
    """The input for an S3 event, with parts of its detail replaced."""
    whole = {
        "bucket": {"name": "bucket"},
        "object": {"key": "a b.json", "size": 5, "version-id": "v1"},
        "requester": "123456789012",
    }
    return json.dumps({"source": "aws.s3", "detail": whole | detail})


def test_a_raw_manifest_is_a_direct_submission() -> None:
    """A manifest as input is a direct submission without a requester."""
    assert read_request(json.dumps(MANIFEST)) == Submission(channel="direct", document=MANIFEST)


def test_a_wrapped_manifest_names_its_requester() -> None:
    """A wrapped manifest is a direct submission with a requester."""
    found = read_request(json.dumps({"manifest": MANIFEST, "requestedBy": "release manager"}))
    assert found == Submission(channel="direct", document=MANIFEST, requester="release manager")


@pytest.mark.parametrize(
    ("alias", "channel"),
    [("api", "api"), (None, "direct"), ("other", "direct")],
)
def test_the_alias_of_the_api_proves_its_door(alias: str | None, channel: str) -> None:
    """An input that looks like the API's is one only if the API's alias started the execution."""
    found = read_request(
        '{"manifest": {"releaseId": 5.10}, "requestedBy": "arn", "apiRequestId": "q"}', alias=alias
    )
    assert isinstance(found, Submission)
    assert (found.channel, found.requester, found.source) == (channel, "arn", "q")
    assert isinstance(found.document, dict)
    assert isinstance(found.document["releaseId"], ExactNumber)


def test_an_s3_event_names_the_object() -> None:
    """The version of the object is part of the source."""
    found = read_request(dropped())
    assert found == DroppedObject(
        bucket="bucket", key="a b.json", version_id="v1", requester="123456789012"
    )
    assert found.source == "s3://bucket/a b.json?versionId=v1"


@pytest.mark.parametrize(
    "name", ["a\nb", "\x1b[31mroot", "ann\u202ea", "\u2066bob", "x\x7f", "a\u2028b", "\x85"]
)
@pytest.mark.parametrize(
    "request_of",
    [
        {"manifest": MANIFEST},
        {"retry": "r"},
        {"rollBack": "r", "releaseId": "r-rollback"},
    ],
)
def test_a_requester_with_control_characters_is_refused(
    request_of: dict[str, object], name: str
) -> None:
    """A requester stands in lines that people read, so it must not hide or reorder a part."""
    with pytest.raises(ManifestInvalid, match="requestedBy: must not contain control characters"):
        read_request(json.dumps({**request_of, "requestedBy": name}))


def test_a_requester_may_have_any_letters() -> None:
    """Letters of every script are allowed, and the characters that join them."""
    name = "Zoë Ünal, \u0645\u06cc\u200c\u062e, 王"
    found = read_request(json.dumps({"manifest": MANIFEST, "requestedBy": name}))
    assert found.requester == name


@pytest.mark.parametrize(
    "detail",
    [
        {"bucket": {}},
        {"object": {}},
        {"object": {"key": ""}},
        {"bucket": None},
        {"bucket": {"name": "not a bucket!"}},
        {"object": {"key": "k" * 2000}},
        {"object": {"key": "\ud800.json"}},
    ],
)
def test_an_s3_event_without_an_object_is_unreadable(detail: dict[str, object]) -> None:
    """An S3 event without a valid bucket and key is rejected."""
    with pytest.raises(ManifestUnreadable, match="has no valid bucket name and object key"):
        read_request(dropped(**detail))


def test_an_invalid_requester_in_an_s3_event_is_dropped() -> None:
    """A requester that is too long to record, or has control characters, is left out."""
    for requester in ("x" * 100_000, "ann\u202ea"):
        found = read_request(dropped(requester=requester))
        assert isinstance(found, DroppedObject)
        assert found.requester is None


def test_an_unversioned_object_has_a_plain_uri() -> None:
    """An object without a version has a URI without a version."""
    found = read_request(dropped(object={"key": "k.json"}))
    assert isinstance(found, DroppedObject)
    assert found.source == "s3://bucket/k.json"


def test_a_wrapper_accepts_no_other_keys() -> None:
    """A misspelt key beside the manifest is rejected by name, and so is a wrong type."""
    with pytest.raises(ManifestInvalid) as caught:
        read_request(json.dumps({"manifest": MANIFEST, "requestdBy": "me", "requestedBy": 5}))
    assert str(caught.value).splitlines()[1:] == [
        "- requestdBy: unknown key; did you mean `requestedBy`?",
        "- requestedBy: must be a string of at most 1,000 bytes in UTF-8",
    ]


@pytest.mark.parametrize("text", ["[]", "5", '"x"', "null", "{}"])
def test_any_other_json_is_a_direct_submission(text: str) -> None:
    """Any other JSON value is passed on; the check of the manifest rejects it."""
    assert read_request(text) == Submission(channel="direct", document=json.loads(text))
