"""What a call that starts or stops something has come to, as one JSON object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from release_core.domain.release import Release
from release_machine.views.json_output import Json, release_document


class State(StrEnum):
    """What a call has come to; the names are those of the result beside a manifest."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    PLANNED = "planned"
    ALREADY_RELEASED = "alreadyReleased"
    REJECTED = "rejected"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    UNCHANGED = "unchanged"
    LOST = "lost"
    NOT_DONE = "notDone"


@dataclass(frozen=True, kw_only=True)
class CallEnd:
    """What a call has come to: the execution that it started or stopped, and the release.

    ``next_steps`` are lines for people; ``more`` has keys that only this state has.
    """

    state: State
    execution_arn: str | None = None
    release_id: str | None = None
    release: Release | None = None
    next_steps: Sequence[str] = ()
    more: Mapping[str, object] = field(default_factory=dict)


def state_of(release: Release) -> State:
    """The state of a call that has followed a release to its end."""
    return State(release.status.value.lower())


def call_document(end: CallEnd) -> Json:
    """The object, with the keys that docs/operating.md describes."""
    release = end.release
    return {
        "state": end.state.value,
        "executionArn": end.execution_arn,
        "releaseId": release.release_id if release else end.release_id,
        "next": [*end.next_steps],
        **end.more,
        "release": release_document(release) if release else None,
    }
