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
from localstack_codepipeline.model import ActionResult, Artifact, RunAction

Json = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
APP = Artifact("App", "artifacts", "shop/App/1234567")


class MemoryS3:
    """The part of S3 that the actions use; versions of a key are numbered v1, v2 ..."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], list[bytes]] = {}
        self.options: dict[tuple[str, str], Json] = {}
        self.versioned = True

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Add a version."""
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
        file.write(self.objects[bucket, key][-1])

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
            error = {"Error": {"Code": "404", "Message": "Not Found"}}
            raise ClientError(error, "HeadObject")  # type: ignore[arg-type]  # the rest is optional
        return number


class Services:
    """Gives clients by name; the clients of Lambda, SNS and STS only record their calls."""

    def __init__(self) -> None:
        self.s3 = MemoryS3()
        self.calls: list[Json] = []

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        return self.s3 if service == "s3" else self

    def get_caller_identity(self) -> Json:
        """Name the account."""
        return {"Account": "000000000000"}

    def invoke(self, **request: Any) -> None:
        """Record an invocation."""
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


def test_missing_source_raises_the_error_of_s3(services: Services) -> None:
    """The action raises S3's error, from which the emulator makes the action's error."""
    with pytest.raises(ClientError, match="Not Found"):
        services.run("Source/S3", WHERE, outputs=(APP,))


def test_deploy_unpacks_the_artifact(services: Services) -> None:
    """Each file becomes an object below ObjectKey, with its type and the configured options."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", "<p>")
        archive.mkdir("css")
        archive.writestr("css/site.css", "p {}")
    services.s3.put("artifacts", APP.key, packed.getvalue())
    where = {
        "BucketName": "site",
        "Extract": "true",
        "ObjectKey": "www/",
        "CacheControl": "no-store",
    }
    result = services.result("Deploy/S3", where, inputs=(APP,))
    assert result.summary == "Deployment Succeeded"
    site = {
        key: body[-1] for (bucket, key), body in services.s3.objects.items() if bucket == "site"
    }
    assert site == {"www/index.html": b"<p>", "www/css/site.css": b"p {}"}
    assert services.s3.options["site", "www/index.html"] == {
        "ContentType": "text/html",
        "CacheControl": "no-store",
    }


def test_deploy_of_something_else_than_a_zip_fails(services: Services) -> None:
    """With Extract, an artifact that is not a zip file fails the action, in the words of AWS."""
    services.s3.put("artifacts", APP.key, b"not a zip")
    result = services.result("Deploy/S3", {"BucketName": "site", "Extract": "true"}, inputs=(APP,))
    assert (result.error_code, result.error_message) == ("JobFailed", "The archive is malformed.")


def test_deploy_copies_the_artifact_whole(services: Services) -> None:
    """Without Extract, the artifact is copied to ObjectKey unchanged."""
    services.s3.put("artifacts", APP.key, b"whole")
    where = {"BucketName": "site", "Extract": "false", "ObjectKey": "app.zip"}
    services.run("Deploy/S3", where, inputs=(APP,))
    assert services.s3.objects["site", "app.zip"] == [b"whole"]


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
