"""What people ask of the API: freezes, and what lifts or overrides them."""

import json
from datetime import timedelta
from typing import Any

from release_core.clock import to_iso
from release_core.strict_json import write_json
from tests.simulation.world.calls import Ended
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.world import Accepted, World
from tests.worlds.answers import proxy_event

OPENED = "calendar opened"
_OPENED = {"source": "aws.ssm", "detail": {"state": "OPEN"}}
PERSON = "arn:aws:iam::000000000000:user/ann"
_ROUTES = {
    "freeze": ("POST", "/freezes", ""),
    "lift": ("DELETE", "/freezes/{scope}", "scope"),
    "override": ("POST", "/overrides/{releaseId}", "releaseId"),
}


def ask(world: World, number: int) -> None:
    """Send one of the requests of the scenario; nothing repeats it."""
    request = world.scenario.requests[number]
    world.invoke(
        Invocation(
            name=f"request {number}: {request}",
            function="change_freeze",
            cause="request",
            payload=_OPENED if request == OPENED else _event(world, request),
        )
    )


def answered(world: World, invocation: Invocation, how: Ended) -> None:
    """Note a request that was accepted."""
    if not isinstance(how.value, dict) or how.value["statusCode"] != 200:
        return
    body = json.loads(how.value["body"])
    named = (f"{each['releaseId']}/{each['pipeline']}" for each in body.get("underWay", ()))
    accepted = Accepted(
        request=invocation.name.partition(": ")[2],
        at=world.stores.clock(),
        until=body.get("until", ""),
        under_way=frozenset(named),
    )
    if accepted.under_way:
        world.reached.add("a freeze named a start")
    world.accepted = (*world.accepted, accepted)


def _event(world: World, request: str) -> dict[str, Any]:
    what, subject, *minutes = request.split(" ")
    method, resource, parameter = _ROUTES[what]
    body: dict[str, str] | None = None if what == "lift" else {"reason": "audit"}
    if what == "freeze" and body:
        until = world.stores.clock() + timedelta(minutes=int(minutes[0]))
        body |= {"scope": subject, "until": to_iso(until)}
    path = {parameter: subject} if parameter else {}
    event = proxy_event(PERSON, write_json(body) if body else None, **path)
    return {**event, "httpMethod": method, "resource": resource}
