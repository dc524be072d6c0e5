"""The S3 source action."""

from localstack_codepipeline.model import Revision
from memory_services import APP, Services

WHERE = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}


def test_source_copies_the_newest_version(services: Services) -> None:
    """The newest version is copied to the artifact store, and its version id is the revision."""
    services.s3.put("sources", "app.zip", b"one")
    services.s3.put("sources", "app.zip", b"two")
    result = services.result("Source/S3", WHERE, outputs=(APP,))
    assert result.succeeded
    assert result.revision is not None
    assert result.revision.id == "v2"
    assert result.variables["VersionId"] == "v2"
    assert services.s3.objects["artifacts", APP.key] == [b"two"]


def test_source_obeys_overrides(services: Services) -> None:
    """An execution can override the version and the key of the source object."""
    services.s3.put("sources", "app.zip", b"one")
    services.s3.put("sources", "app.zip", b"two")
    services.s3.put("sources", "other.zip", b"three")
    services.run("Source/S3", WHERE, outputs=(APP,), overrides={"S3_OBJECT_VERSION_ID": "v1"})
    services.run("Source/S3", WHERE, outputs=(APP,), overrides={"S3_OBJECT_KEY": "other.zip"})
    assert services.s3.objects["artifacts", APP.key] == [b"one", b"three"]


def test_source_needs_a_versioned_bucket(services: Services) -> None:
    """A source in a bucket without versioning fails, and the error says why."""
    services.s3.versioned = False
    services.s3.put("sources", "app.zip", b"one")
    result = services.result("Source/S3", WHERE, outputs=(APP,))
    assert "not versioned" in result.error_message


def test_missing_source_is_named(services: Services) -> None:
    """A source object or bucket that does not exist fails the action with AWS's text."""
    result = services.result("Source/S3", WHERE, outputs=(APP,))
    text = 'Could not access the Amazon S3 object: "sources/app.zip". Make sure that the names of'
    assert result.error_code == "ConfigurationError"
    assert result.error_message == f"{text} the bucket and object are both correct."
    assert result.summary == result.error_message


def test_missing_artifact_store_is_named(services: Services) -> None:
    """A store that does not exist fails the action, and the error names it."""
    services.s3.put("sources", "app.zip", b"one")
    services.s3.missing.add("artifacts")
    result = services.result("Source/S3", WHERE, outputs=(APP,))
    assert f'"artifacts/{APP.key}"' in result.error_message


def test_source_shows_id_and_summary_only(services: Services) -> None:
    """The revision of an S3 source has no link, no time and no change id."""
    services.s3.put("sources", "app.zip", b"one")
    result = services.result("Source/S3", WHERE, outputs=(APP,))
    assert result.revision == Revision("v1", "Amazon S3 version id: v1")
    assert (result.external_id, result.url) == ("v1", "")
