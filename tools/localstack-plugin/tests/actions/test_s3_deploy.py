"""The S3 deploy action, with the texts and names that AWS was seen to use."""

import io
import zipfile

import pytest

from localstack_codepipeline.model import ActionResult
from memory_services import APP, Services


def packed(*members: tuple[str, bytes]) -> bytes:
    """Pack files into a zip file, in their order."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("empty")
        for name, body in members:
            archive.writestr(name, body)
    return file.getvalue()


def site(services: Services) -> dict[str, bytes]:
    """Return the newest version of each object of the bucket `site`."""
    objects = services.s3.objects.items()
    return {key: versions[-1] for (bucket, key), versions in objects if bucket == "site"}


def unpack(services: Services, body: bytes, **more: str) -> ActionResult:
    """Deploy an artifact to the bucket `site`, unpacked."""
    services.s3.put("artifacts", APP.key, body)
    where = {"BucketName": "site", "Extract": "true", **more}
    return services.result("Deploy/S3", where, inputs=(APP,))


def test_deploy_unpacks_the_artifact(services: Services) -> None:
    """Each file becomes an object below ObjectKey, with its type and the configured options."""
    body = packed(("index.html", b"<p>"), ("css/site.css", b"p {}"))
    result = unpack(services, body, ObjectKey="www", CacheControl="no-store")
    assert (result.summary, result.external_id) == ("Deployment Succeeded", "site/www")
    assert site(services) == {"www/index.html": b"<p>", "www/css/site.css": b"p {}"}
    assert services.s3.options["site", "www/index.html"] == {
        "ContentType": "text/html",
        "CacheControl": "no-store",
    }


def test_deploy_keeps_the_names_of_the_files(services: Services) -> None:
    """A slash at the end of ObjectKey is doubled, a backslash turns, and the last of two stays."""
    body = packed(("/a", b"1"), ("b\\c", b"2"))
    unpack(services, body, ObjectKey="www/")
    assert site(services) == {"www///a": b"1", "www//b/c": b"2"}
    assert unpack(services, body).external_id == "site"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("README", "application/octet-stream"),
        ("UPPER.HTML", "text/html"),
        ("app.js", "application/x-javascript"),
        ("config.xml", "application/xml"),
        ("font.woff2", "application/octet-stream"),
        ("image.jpg", "image/jpeg"),
        ("image.png", "image/png"),
        ("image.svg", "image/svg+xml"),
        ("config.json", "application/json"),
        ("plain.txt", "text/plain"),
        ("source.map", "application/octet-stream"),
        ("style.css", "text/css"),
    ],
)
def test_deploy_sets_the_content_type(services: Services, name: str, kind: str) -> None:
    """Each file gets the content type that AWS was seen to give it."""
    unpack(services, packed((name, b"x")))
    assert services.s3.options["site", name]["ContentType"] == kind


def test_deploy_of_something_else_than_a_zip_fails(services: Services) -> None:
    """With Extract, an artifact that is not a zip file fails the action with AWS's text."""
    result = unpack(services, b"not a zip")
    assert (result.error_code, result.summary) == ("JobFailed", "The archive is malformed.")


def test_deploy_of_a_broken_file_fails(services: Services) -> None:
    """A zip file whose content does not fit its checksum is malformed."""
    body = packed(("a", b"content"))
    result = unpack(services, body.replace(b"content", b"CONTENT"))
    assert (result.error_code, result.summary) == ("JobFailed", "The archive is malformed.")


def test_deploy_stops_at_a_path_upwards(services: Services) -> None:
    """A file name with `../` fails the action; the files before it stay written."""
    result = unpack(services, packed(("a", b"1"), ("b/../c", b"2"), ("d", b"3")))
    text = "The file name b/../c contains invalid sequence: dot-dot-slash."
    assert (result.error_code, result.summary) == ("ConfigurationError", text)
    assert site(services) == {"a": b"1"}


def test_deploy_needs_a_key_unless_it_unpacks(services: Services) -> None:
    """Without Extract an action without ObjectKey fails when it runs, with AWS's text."""
    where = {"BucketName": "site", "Extract": "false"}
    result = services.result("Deploy/S3", where, inputs=(APP,))
    assert result.error_code == "ConfigurationError"
    assert result.summary.startswith("When the extract feature is disabled, you must provide an")


def test_deploy_knows_two_values_of_extract(services: Services) -> None:
    """Any other value of Extract fails the action when it runs, with AWS's text."""
    where = {"BucketName": "site", "Extract": "True"}
    result = services.result("Deploy/S3", where, inputs=(APP,))
    assert result.error_code == "ConfigurationError"
    start = "Invalid value for configuration property 'True': 'Extract'. Edit your pipeline"
    assert result.summary == f"{start} and set 'Extract' to either 'true' or 'false'."


@pytest.mark.parametrize("extract", ["true", "false"])
def test_missing_artifact_and_bucket_are_named(services: Services, extract: str) -> None:
    """An artifact or a bucket that does not exist fails the action, and the error names it."""
    where = {"BucketName": "site", "Extract": extract, "ObjectKey": "www"}
    missing = services.result("Deploy/S3", where, inputs=(APP,))
    assert f'"artifacts/{APP.key}"' in missing.error_message
    services.s3.put("artifacts", APP.key, packed(("a", b"1")))
    services.s3.missing.add("site")
    refused = services.result("Deploy/S3", where, inputs=(APP,))
    assert '"site"' in refused.error_message
    assert {missing.error_code, refused.error_code} == {"ConfigurationError"}


def test_deploy_copies_the_artifact_whole(services: Services) -> None:
    """Without Extract, the artifact is copied to ObjectKey unchanged."""
    services.s3.put("artifacts", APP.key, b"whole")
    where = {"BucketName": "site", "Extract": "false", "ObjectKey": "app.zip"}
    result = services.result("Deploy/S3", where, inputs=(APP,))
    assert services.s3.objects["site", "app.zip"] == [b"whole"]
    assert result.external_id == "site/app.zip"
