"""The release for which an execution was started, for each kind of request."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.ledger.history import HistoryReader
from release_machine.release.requested_release import RequestedRelease, requested_release
from tools.operator.tests.conftest import BEGIN, EXECUTION, Stubbed, described
from tools.operator.tests.samples.made_release import by_name

MANIFEST = b'{"releaseId": 5.10, "pipelines": ["catalog", {"name": "web"}]}'
REQUESTED = RequestedRelease(release_id="5.10", pipelines=["catalog", "web"])
DROPPED = json.dumps(
    {
        "source": "aws.s3",
        "detail": {"bucket": {"name": "manifests"}, "object": {"key": "m", "version-id": "v1"}},
    }
)


class Ledger(HistoryReader):
    """A ledger with one release, 5.10."""

    def __init__(self) -> None:
        pass

    def get_manifest(self, release_id: str) -> dict[str, Any] | None:
        return json.loads(MANIFEST) if release_id == "5.10" else None

    def get_release(self, release_id: str) -> Release | None:
        return Release(
            release_id=release_id,
            status=ReleaseStatus.FAILED,
            execution_arn="",
            opened_at=BEGIN,
            pipelines=by_name(Pipeline(name=name) for name in REQUESTED.pipelines),
        )


def is_found(objects: Stubber) -> None:
    objects.add_response(
        "get_object",
        {"Body": StreamingBody(io.BytesIO(MANIFEST), len(MANIFEST))},
        {"Bucket": "manifests", "Key": "m", "VersionId": "v1"},
    )


def is_refused(objects: Stubber) -> None:
    objects.add_client_error("get_object", "AccessDenied")


def is_not_read(_objects: Stubber) -> None:
    pass


@pytest.mark.parametrize(
    ("started_with", "the_object", "requested"),
    [
        (MANIFEST.decode(), is_not_read, REQUESTED),
        (f'{{"manifest": {MANIFEST.decode()}, "requestedBy": "alice"}}', is_not_read, REQUESTED),
        ('{"retry": "5.10", "requestedBy": "alice"}', is_not_read, REQUESTED),
        ('{"rollBack": "5.10", "releaseId": "5.10-rollback"}', is_not_read, REQUESTED),
        ('{"retry": "5.11"}', is_not_read, RequestedRelease(release_id="5.11", pipelines=[])),
        ("{", is_not_read, RequestedRelease()),
        ("[]", is_not_read, RequestedRelease(pipelines=[])),
        (DROPPED, is_found, REQUESTED),
        (DROPPED, is_refused, RequestedRelease()),
    ],
)
def test_requested_release(
    stubbed: Stubbed,
    started_with: str,
    the_object: Callable[[Stubber], None],
    requested: RequestedRelease,
) -> None:
    """Each request names its release; a manifest is read in the version of the event.

    An invalid manifest, or one without access, gives an empty answer.
    """
    sfn, executions = stubbed("stepfunctions")
    s3, objects = stubbed("s3")
    executions.add_response("describe_execution", described(input=started_with))
    the_object(objects)
    assert requested_release(EXECUTION, sfn=sfn, s3=s3, ledger=Ledger()) == requested
