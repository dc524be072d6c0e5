"""The release for which an execution was started, for each kind of request."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.ledger.history import HistoryReader
from release_machine.actions.requested_release import RequestedRelease, requested_release
from tools.operator.tests.samples.made_release import BEGIN, by_name

type Stubbed = Callable[[str], tuple[Any, Stubber]]

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"
MANIFEST = b'{"releaseId": 5.10, "pipelines": ["catalog", {"name": "web"}]}'
REQUESTED = RequestedRelease(release_id="5.10", pipelines=["catalog", "web"])
DROPPED = {
    "source": "aws.s3",
    "detail": {"bucket": {"name": "manifests"}, "object": {"key": "m.json", "version-id": "v1"}},
}


class Ledger(HistoryReader):
    """A ledger with one release, 5.10."""

    def __init__(self) -> None:
        pass

    def get_manifest(self, release_id: str) -> dict[str, Any] | None:
        return json.loads(MANIFEST) if release_id == "5.10" else None

    def get_release(self, release_id: str) -> Release | None:
        known = Release(
            release_id="5.10",
            status=ReleaseStatus.FAILED,
            execution_arn="",
            opened_at=BEGIN,
            pipelines=by_name(Pipeline(name=name) for name in REQUESTED.pipelines),
        )
        return known if release_id == "5.10" else None


@pytest.fixture
def read(stubbed: Stubbed, at: Callable[[float], datetime]) -> Callable[..., RequestedRelease]:
    """Read the request of an execution with this input; ``get_object`` prepares S3."""

    def read(
        started_with: str, get_object: Callable[[Stubber], None] = lambda _: None
    ) -> RequestedRelease:
        sfn, executions = stubbed("stepfunctions")
        s3, objects = stubbed("s3")
        executions.add_response(
            "describe_execution",
            {
                "executionArn": EXECUTION,
                "stateMachineArn": EXECUTION,
                "startDate": at(0),
                "status": "RUNNING",
                "input": started_with,
            },
        )
        get_object(objects)
        return requested_release(EXECUTION, sfn=sfn, s3=s3, ledger=Ledger())

    return read


def found(objects: Stubber) -> None:
    objects.add_response(
        "get_object",
        {"Body": StreamingBody(io.BytesIO(MANIFEST), len(MANIFEST))},
        {"Bucket": "manifests", "Key": "m.json", "VersionId": "v1"},
    )


def refused(objects: Stubber) -> None:
    objects.add_client_error("get_object", "AccessDenied")


@pytest.mark.parametrize(
    ("started_with", "requested"),
    [
        (MANIFEST.decode(), REQUESTED),
        (f'{{"manifest": {MANIFEST.decode()}, "requestedBy": "alice"}}', REQUESTED),
        ('{"retry": "5.10", "requestedBy": "alice"}', REQUESTED),
        ('{"rollBack": "5.10", "releaseId": "5.10-rollback"}', REQUESTED),
        ('{"retry": "5.11"}', RequestedRelease(release_id="5.11")),
        ("{", RequestedRelease()),
        ("[]", RequestedRelease()),
    ],
)
def test_requests_in_the_input(
    read: Callable[..., RequestedRelease], started_with: str, requested: RequestedRelease
) -> None:
    """Each request names its release; an invalid manifest names none."""
    told = read(started_with)
    assert (told.release_id, list(told.pipelines)) == (
        requested.release_id,
        list(requested.pipelines),
    )


def test_a_manifest_in_the_bucket(read: Callable[..., RequestedRelease]) -> None:
    """The manifest is read in the version that started the execution."""
    assert read(json.dumps(DROPPED), found) == REQUESTED


def test_no_access_to_the_bucket(read: Callable[..., RequestedRelease]) -> None:
    """Without access to the manifest the answer is empty."""
    assert read(json.dumps(DROPPED), refused) == RequestedRelease()
