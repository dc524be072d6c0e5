"""What an execution was started with, through each of the doors."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from release_machine.actions.started_with import Request, brought_by
from release_machine.release.ledger_reader import LedgerReader
from release_machine.release.model import Pipeline, Release

type Stubbed = Callable[[str], tuple[Any, Stubber]]

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"
MANIFEST = b'{"releaseId": 5.10, "pipelines": ["catalog", {"name": "web"}]}'
BROUGHT = Request(release_id="5.10", pipelines=["catalog", "web"])
DROPPED = {
    "source": "aws.s3",
    "detail": {"bucket": {"name": "manifests"}, "object": {"key": "m.json", "version-id": "v1"}},
}


class Ledger(LedgerReader):
    """Holds one release, 5.10."""

    def __init__(self) -> None:
        pass

    def manifest(self, release_id: str) -> str | None:
        return MANIFEST.decode() if release_id == "5.10" else None

    def release(self, release_id: str) -> Release | None:
        pipelines = tuple(
            Pipeline(name=name, position=place, status="FAILED")
            for place, name in enumerate(BROUGHT.pipelines)
        )
        known = Release(
            release_id="5.10",
            status="FAILED",
            execution_arn="",
            opened_at=None,
            pipelines=pipelines,
        )
        return known if release_id == "5.10" else None


@pytest.fixture
def read(stubbed: Stubbed, at: Callable[[float], datetime]) -> Callable[..., Request]:
    """Read what an execution with an input was started with; ``get_object`` is what S3 does."""

    def read(started_with: str, get_object: Callable[[Stubber], None] = lambda _: None) -> Request:
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
        return brought_by(EXECUTION, sfn=sfn, s3=s3, ledger=Ledger())

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
    ("started_with", "brought"),
    [
        (MANIFEST.decode(), BROUGHT),
        (f'{{"manifest": {MANIFEST.decode()}, "requestedBy": "alice"}}', BROUGHT),
        ('{"retry": "5.10", "requestedBy": "alice"}', BROUGHT),
        ('{"rollBack": "5.10", "releaseId": "5.10-rollback"}', BROUGHT),
        ('{"retry": "5.11"}', Request(release_id="5.11")),
        ("{", Request()),
        ("[]", Request()),
    ],
)
def test_what_the_input_holds(
    read: Callable[..., Request], started_with: str, brought: Request
) -> None:
    """Each door tells which release it is about; what is no manifest tells nothing."""
    told = read(started_with)
    assert (told.release_id, list(told.pipelines)) == (brought.release_id, list(brought.pipelines))


def test_what_the_bucket_holds(read: Callable[..., Request]) -> None:
    """A dropped manifest is read in the version that started the execution."""
    assert read(json.dumps(DROPPED), found) == BROUGHT


def test_who_may_not_read_the_bucket(read: Callable[..., Request]) -> None:
    """Without the permission to read the manifest the view is poorer, no more."""
    assert read(json.dumps(DROPPED), refused) == Request()
