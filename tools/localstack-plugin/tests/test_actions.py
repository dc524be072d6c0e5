"""The action providers, against services held in memory."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, Any

import pytest
from botocore.exceptions import ClientError

from localstack_codepipeline.actions import run_action
from localstack_codepipeline.model import ActionResult, Artifact, Revision, RunAction

Json = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
APP = Artifact("App", "artifacts", "shop/App/1234567")


def failure(code: str, operation: str) -> ClientError:
    """Return the error of a service."""
    error = {"Error": {"Code": code, "Message": "Not Found"}}
    return ClientError(error, operation)  # type: ignore[arg-type]  # the rest is optional


class MemoryS3:
    """The part of S3 that the actions use; versions of a key are numbered v1, v2 ..."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], list[bytes]] = {}
        self.options: dict[tuple[str, str], Json] = {}
        self.versioned = True
        self.missing: set[str] = set()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Add a version, or raise S3's error when the bucket is missing."""
        if bucket in self.missing:
            raise failure("NoSuchBucket", "PutObject")
        self.objects.setdefault((bucket, key), []).append(body)

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> Json:  # noqa: N803 - boto3's names
        """Describe a version, or raise S3's error."""
        number = self._number(Bucket, Key, VersionId)
        version = {"VersionId": f"v{number}"} if self.versioned else {}
        return {"ETag": f'"etag{number}"', "LastModified": NOW, **version}

    def copy_object(self, *, Bucket: str, Key: str, CopySource: Json, **options: Any) -> None:  # noqa: N803 - boto3's names
        """Copy a version."""
        source = CopySource["Bucket"], CopySource["Key"]
        number = self._number(*source, CopySource.get("VersionId", ""))
        self.put(Bucket, Key, self.objects[source][number - 1])
        self.options[Bucket, Key] = options

    def download_fileobj(self, bucket: str, key: str, file: IO[bytes]) -> None:
        """Write the newest version to the file."""
        number = self._number(bucket, key, "")
        file.write(self.objects[bucket, key][number - 1])

    def upload_fileobj(
        self,
        file: IO[bytes],
        bucket: str,
        key: str,
        *,
        ExtraArgs: Json,  # noqa: N803 - boto3's names
    ) -> None:
        """Add a version from the file."""
        self.put(bucket, key, file.read())
        self.options[bucket, key] = ExtraArgs

    def _number(self, bucket: str, key: str, version: str) -> int:
        versions = self.objects.get((bucket, key), [])
        number = int(version[1:]) if version else len(versions)
        if not 1 <= number <= len(versions):
            raise failure("404", "HeadObject")
        return number


class Services:
    """Gives clients by name; the clients of Lambda, SNS and STS only record their calls."""

    def __init__(self) -> None:
        self.s3 = MemoryS3()
        self.calls: list[Json] = []
        self.error: ClientError | None = None

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        return self.s3 if service == "s3" else self

    def get_caller_identity(self) -> Json:
        """Name the account."""
        return {"Account": "000000000000"}

    def invoke(self, **request: Any) -> None:
        """Record an invocation, or raise the error that is set."""
        if self.error:
            raise self.error
        self.calls.append(request)

    publish = invoke

    def run(self, kind: str, configuration: Json, **more: Any) -> ActionResult | None:
        """Run an action of a kind with a configuration."""
        category, provider = kind.split("/")
        action = RunAction(
            pipeline="shop",
            execution_id="e",
            action_execution_id="a",
            stage="Stage",
            action="Action",
            category=category,
            owner="AWS",
            provider=provider,
            configuration=configuration,
            inputs=(),
            outputs=(),
            region="us-east-1",
            deadline=NOW,
        )
        return run_action(replace(action, **more), self)

    def result(self, kind: str, configuration: Json, **more: Any) -> ActionResult:
        """Run an action that ends at once."""
        result = self.run(kind, configuration, **more)
        assert result is not None
        return result


@pytest.fixture
def services() -> Services:
    """Services that hold nothing."""
    return Services()


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


def test_function_gets_its_job(services: Services) -> None:
    """The function is invoked asynchronously with AWS's event, and its result comes later."""
    configuration = {"FunctionName": "check", "UserParameters": "x"}
    more = {"job_id": "j1", "continuation_token": "again", "inputs": (APP,)}
    assert services.run("Invoke/Lambda", configuration, **more) is None
    (call,) = services.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("check", "Event")
    job = json.loads(call["Payload"])["CodePipeline.job"]
    assert (job["id"], job["accountId"]) == ("j1", "000000000000")
    assert job["data"]["actionConfiguration"] == {"configuration": configuration}
    assert job["data"]["continuationToken"] == "again"
    assert job["data"]["inputArtifacts"][0]["location"] == {
        "type": "S3",
        "s3Location": {"bucketName": "artifacts", "objectKey": APP.key},
    }


def test_unknown_function_is_named(services: Services) -> None:
    """A function that does not exist fails the action with AWS's text."""
    services.error = failure("ResourceNotFoundException", "Invoke")
    result = services.result("Invoke/Lambda", {"FunctionName": "check"})
    text = "The AWS Lambda function check does not exist."
    assert (result.error_code, result.error_message) == ("ConfigurationError", text)


def test_approval_publishes_to_its_topic(services: Services) -> None:
    """The message to the topic carries the token; without a topic nothing is published."""
    assert services.run("Approval/Manual", {}, token="t1") is None
    assert services.calls == []
    configuration = {"NotificationArn": "arn:topic", "CustomData": "look"}
    assert services.run("Approval/Manual", configuration, token="t1") is None
    (message,) = services.calls
    approval = json.loads(message["Message"])["approval"]
    assert (approval["token"], approval["customData"]) == ("t1", "look")


def test_unsupported_provider_fails_and_says_what_is_supported(services: Services) -> None:
    """The error names the unsupported provider and all supported ones."""
    result = services.result("Build/CodeBuild", {})
    assert "cannot run Build/AWS/CodeBuild" in result.error_message
    assert "Deploy/AWS/S3" in result.error_message
