"""People who answer the approvals of releases through the API."""

from collections.abc import Iterator
from datetime import timedelta

from release_core.clock import from_iso, to_iso
from release_core.strict_json import write_json
from tests.simulation.world.happenings import list_of, value
from tests.simulation.world.invocations import Invocation
from tests.simulation.world.stores import Item
from tests.simulation.world.world import World


def arn_of(person: str) -> str:
    """Return the ARN with which a person signs."""
    return f"arn:aws:iam::000000000000:user/{person}"


def asked(world: World) -> Iterator[str]:
    """Return who may answer what is asked now: each person and approval, as `not_asked` does."""
    for name, node in _approvals(world):
        header = world.stores.item("releases", value(node, "release_id"), "release")
        is_open = value(header, "status") == "RUNNING" == value(node, "status")
        same_attempt = value(header, "attempt") == value(node, "attempt")
        if is_open and same_attempt and not (is_decided(node) or _is_over(world, header, node)):
            for person in world.scenario.people:
                who = f"{person} {name}"
                if arn_of(person) not in list_of(node, "voters") and not _answers(world, who):
                    yield who


def not_asked(world: World) -> Iterator[str]:
    """Return all other people and approvals, such as "ann r/go-live"."""
    now = {*asked(world)}
    for name, _ in _approvals(world):
        for person in world.scenario.people:
            who = f"{person} {name}"
            if _answers(world, who):
                who += " again"
            if who not in now and not _answers(world, who):
                yield who


def answer(world: World, who: str, *, approves: bool) -> Invocation:
    """Return the invocation of answer_approval for the answer of a person, as the API sends it."""
    person, name, *_ = who.split(" ")
    release_id, _, approval = name.partition("/")
    node = world.stores.item("releases", release_id, f"pipeline#{approval}")
    decision = "approve" if approves else "reject"
    said = {"decision": decision, "comment": "seen", "attempt": int(value(node, "attempt"))}
    return Invocation(
        name=_name(who, decision),  # it tells apart what has not begun
        function="answer_approval",
        cause="person",
        pipeline=approval,
        payload={
            "requestContext": {"identity": {"userArn": arn_of(person)}},
            "pathParameters": {"releaseId": release_id, "approval": approval},
            "body": write_json(said),
        },
    )


def _is_over(world: World, header: Item | None, node: Item) -> bool:
    """Whether an approval takes no more answers: its time limit or the deadline has passed."""
    asked_at, minutes = (
        value(node, "asked_at"),
        node["approval"]["M"]["expires_after_minutes"].get("N"),
    )
    ends = [value(header, "deadline")] if value(header, "deadline") else []
    if minutes and asked_at:
        ends.append(to_iso(from_iso(asked_at) + timedelta(minutes=int(minutes))))
    is_late = any(end <= to_iso(world.stores.clock()) for end in ends)
    return is_late or bool(value(node, "stop_reason"))


def is_decided(node: Item | None) -> bool:
    """Whether the votes on record decide an approval."""
    return bool(value(node, "rejected_by")) or count(node) >= needed(node)


def count(node: Item | None) -> int:
    """Return how many votes on record approve."""
    votes = (node or {}).get("votes", {"L": []})["L"]
    return sum(each["M"]["approves"]["BOOL"] for each in votes)


def needed(node: Item | None) -> int:
    """Return how many people have to approve."""
    return int((node or {})["approval"]["M"]["min_approvals"]["N"])


def _approvals(world: World) -> Iterator[tuple[str, Item]]:
    for release_id, items in world.stores.releases().items():
        for item in items.values():
            if "approval" in item:
                yield f"{release_id}/{value(item, 'pipeline')}", item


def _answers(world: World, who: str) -> bool:
    return any(_name(who, each) in world.invocations for each in ("approve", "reject"))


def _name(who: str, decision: str) -> str:
    return f"{decision} by {who}"
