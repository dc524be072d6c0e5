"""People who answer the approvals of a release."""

from typing import Any

from release_core.domain.approvals import Vote
from release_core.domain.release import Pipeline
from release_core.ledger.votes import Cast
from tests.worlds.release_world import ReleaseWorld

ADA, GRACE, JOAN = (f"arn:aws:iam::000000000000:user/{name}" for name in ("ada", "grace", "joan"))


def approval(name: str = "go-live", *before: str, **more: Any) -> dict[str, Any]:
    """A manifest's entry for an approval after these nodes, which everybody may answer."""
    return {"name": name, "dependsOn": list(before), "fourEyes": False, **more}


def node(world: ReleaseWorld, name: str = "go-live") -> Pipeline:
    """An approval of release r as it is now."""
    return world.release().pipelines[name]


def cast(
    world: ReleaseWorld, by: str = ADA, *, name: str = "go-live", approves: bool = True
) -> Cast:
    """Record the answer of a person; nothing else happens."""
    said = "fine" if approves else "not today"
    vote = Vote(voter=by, by=by, approves=approves, comment=said, at=world.clock())
    return world.ledger.votes.cast("r", node(world, name), vote)


def answer(
    world: ReleaseWorld, by: str = ADA, *, name: str = "go-live", approves: bool = True
) -> None:
    """Record the answer of a person, and let the release go on."""
    assert cast(world, by, name=name, approves=approves).counts
    world.advance(world.parts("answer-approval")).pipeline("r", name)
