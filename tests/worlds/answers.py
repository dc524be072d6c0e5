"""People who answer the approvals of a release through the API."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from answer_approval.answering import KEYS, AnswerApproval
from release_core.api import answer
from release_core.strict_json import write_json
from tests.worlds.release_world import ReleaseWorld, after

ADA, GRACE, JOAN = (f"arn:aws:iam::000000000000:user/{name}" for name in ("ada", "grace", "joan"))
RELEASERS = "arn:aws:sts::000000000000:assumed-role/releasers"
SSO = "arn:aws:sts::000000000000:assumed-role/AWSReservedSSO_Releasers_0123456789abcdef"
OTHER_SSO = "arn:aws:sts::000000000000:assumed-role/AWSReservedSSO_Approvers_fedcba9876543210"
FEDERATED = "arn:aws:sts::000000000000:federated-user/ada"


@dataclass(frozen=True)
class Response:
    """A response of the API."""

    status: int
    body: Mapping[str, Any]

    @property
    def message(self) -> str:
        """What it says about an error."""
        return str(self.body["message"])


def proxy_event(caller: str | None, body: str | None, **path: str) -> dict[str, Any]:
    """The event of a signed request, as API Gateway passes it to a function."""
    return {
        "httpMethod": "POST",
        # API Gateway passes null for a path without parameters.
        "pathParameters": path or None,
        "requestContext": {"identity": {"userArn": caller, "accountId": "000000000000"}},
        "body": body,
        "isBase64Encoded": False,
    }


def send(
    world: ReleaseWorld,
    caller: str | None,
    body: str | None,
    *,
    approval: str = "go-live",
    release_id: str = "r",
    pinned: bool = False,
) -> Response:
    """Send an answer with this body."""
    parts = world.parts("answer-approval")
    handle = AnswerApproval(
        ledger=parts.ledger,
        advance=world.advance(parts),
        clock=world.clock,
        session_names_are_pinned=pinned,
    )
    event = proxy_event(caller, body, approval=approval, releaseId=release_id)
    response = answer(event, KEYS, handle)
    assert response["headers"] == {"Content-Type": "application/json"}
    return Response(response["statusCode"], json.loads(response["body"]))


def approve(world: ReleaseWorld, caller: str, *, pinned: bool = False, **more: Any) -> Response:
    """Approve ``go-live`` of release r."""
    return send(world, caller, write_json({"decision": "approve", **more}), pinned=pinned)


def reject(world: ReleaseWorld, caller: str, comment: str = "Too early") -> Response:
    """Reject ``go-live`` of release r."""
    return send(world, caller, write_json({"decision": "reject", "comment": comment}))


def ask(
    world: ReleaseWorld,
    *,
    requester: str = ADA,
    manifest: Mapping[str, Any] | None = None,
    **approval: Any,
) -> dict[str, str]:
    """Let ``requester`` release ``orders`` through the API after the approval ``go-live``.

    Returns the tokens of the approval and of the pipeline, which both wait.
    """
    document = {
        "releaseId": "r",
        "pipelines": [after("orders", "go-live")],
        "approvals": [{"name": "go-live", **approval}],
        **(manifest or {}),
    }
    arn = open_by(world, requester, document)
    return world.wait_for_all(arn) | {"execution": arn}


def open_by(world: ReleaseWorld, requester: str, document: Mapping[str, Any]) -> str:
    """Hand a manifest in through the API; returns the ARN of its execution."""
    wrapped = {"manifest": document, "requestedBy": requester, "apiRequestId": "1"}
    arn = world.start(write_json(wrapped), alias="api")
    assert world.open_release(arn)["outcome"] == "OPENED"
    return arn
