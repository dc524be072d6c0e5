"""What a person can do about a release: pure."""

import shlex
from collections.abc import Iterator, Mapping

from release_core.domain.release import PipelineStatus, Release, ReleaseStatus
from release_core.domain.remedies import unusable_pins
from release_machine.dashboard.state import Offer
from release_machine.dashboard.topics import action_path
from release_machine.release.approvals import asked_name, is_asked
from release_machine.release.model import MANUAL_APPROVAL, Activity

ACTIONS = ("approve", "reject", "cancel", "retry", "rollback")
_RETRIED = frozenset({ReleaseStatus.FAILED, ReleaseStatus.CANCELLED})


def offer(action: str, release_id: str, name: str | None = None) -> Offer:
    """An action on a release, with its address and its command."""
    words = ["release-machine", action, release_id, *([name] if name else [])]
    reason = " --reason TEXT" if action == "reject" else ""
    return Offer(
        action=action,
        release_id=release_id,
        name=name,
        href=action_path(action, release_id, name),
        command=f"{shlex.join(words)}{reason}",
    )


def answers(release_id: str, name: str) -> tuple[Offer, Offer]:
    """Both answers to something that waits for a person."""
    return offer("approve", release_id, name), offer("reject", release_id, name)


def offers(
    release: Release, activity: Mapping[str, Activity], *, rollback_failed: bool = False
) -> Iterator[Offer]:
    """What can be done about a release now, the most urgent first.

    ``rollback_failed`` means that the rollback that it has or has announced did not succeed, or
    will not be opened: then another one can be started.
    """
    if release.status is ReleaseStatus.REJECTED:
        return
    if not release.closed:
        for name, node in release.pipelines.items():
            doing = activity.get(name)
            if is_asked(node):
                yield from answers(release.release_id, name)
            elif doing is not None and _asks_by_hand(node.status, doing):
                yield from answers(release.release_id, asked_name(name, doing))
        yield offer("cancel", release.release_id)
        return
    if (release.rolled_back_by or release.awaits_rollback) and not rollback_failed:
        return
    # A retry has the same pins; and what a rollback was opened for has no other attempt.
    if release.status in _RETRIED and not (release.rolled_back_by or unusable_pins(release)):
        yield offer("retry", release.release_id)
    if not release.rollback_of and any(each.execution_id for each in release.pipelines.values()):
        yield offer("rollback", release.release_id)


def _asks_by_hand(status: PipelineStatus, doing: Activity) -> bool:
    return doing.waits_for == MANUAL_APPROVAL and status is PipelineStatus.RUNNING
