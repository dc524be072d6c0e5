"""People who freeze pipelines, lift freezes and override them through the API."""

import json
from datetime import timedelta
from typing import Any

from change_freeze.freezing import ChangeFreeze
from release_core.clock import to_iso
from release_core.strict_json import write_json
from tests.worlds.answers import ADA, Response, proxy_event
from tests.worlds.release_world import ReleaseWorld

HOUR = 60  # minutes
_MINUTE = timedelta(minutes=1)


def freeze(
    world: ReleaseWorld, scope: str = "*", *, minutes: int = HOUR, by: str = ADA, **more: Any
) -> Response:
    """Freeze what the scope covers, from now on for so many minutes."""
    until = to_iso(world.clock() + minutes * _MINUTE)
    body = {"scope": scope, "until": until, "reason": "audit", **more}
    return send(world, "POST /freezes", write_json(body), by=by)


def lift(world: ReleaseWorld, scope: str = "*") -> Response:
    """Lift the freeze of this scope."""
    return send(world, "DELETE /freezes/{scope}", None, scope=scope)


def override(world: ReleaseWorld, release_id: str = "r", reason: str = "urgent") -> Response:
    """Override all freezes for a release."""
    body = write_json({"reason": reason})
    return send(world, "POST /overrides/{releaseId}", body, releaseId=release_id)


def send(
    world: ReleaseWorld, route: str, body: str | None, *, by: str = ADA, **path: str
) -> Response:
    """Send a request that this person has signed."""
    method, _, resource = route.partition(" ")
    event = {**proxy_event(by, body, **path), "httpMethod": method, "resource": resource}
    response = changer(world).respond(event)
    return Response(response["statusCode"], json.loads(response["body"]))


def changer(world: ReleaseWorld) -> ChangeFreeze:
    """The parts of an invocation of change_freeze."""
    parts = world.parts("change-freeze")
    return ChangeFreeze(
        ledger=parts.ledger,
        step_functions=parts.step_functions,
        clock=world.clock,
        in_parallel=parts.in_parallel,
    )
