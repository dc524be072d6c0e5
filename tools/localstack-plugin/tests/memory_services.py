"""The services that actions use, held in memory."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import IO, Any

from botocore.exceptions import ClientError

from localstack_codepipeline.actions import run_action
from localstack_codepipeline.model import ActionResult, Artifact, RunAction

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
    """Gives clients by name; those of other services only record their calls."""

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

    def start_pipeline_execution(self, **request: Any) -> Json:
        """Record a start."""
        self.calls.append(request)
        return {"pipelineExecutionId": "started"}

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
