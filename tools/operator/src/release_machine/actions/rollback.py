"""Rolls a release back: what is shown before it starts, and the request for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text

from release_core.domain.release import ROLLBACK_CHANNEL, Release, ReleaseStatus
from release_core.errors import RollbackRefused
from release_core.strict_json import MAX_BYTES, write_json
from release_machine.deployment.reading_parts import planner, rollback_reader
from release_machine.errors import OperatorError, UsageError
from release_machine.release.remedies import correct_manifest
from release_machine.text.printable import json_text, visible

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_core.plan.document import Plan
    from release_core.rollback.manifest import Rollback
    from release_machine.deployment.session import Session

NOTHING_WOULD_CHANGE = (
    "nothing would change: what the rollback would ship is live already, so nothing was started. "
    "--force ships it again"
)


def rollback_of(
    session: Session,
    release: Release,
    *,
    rollback_id: str,
    force: bool = False,
    over: Sequence[str] = (),
    wait: bool = False,
) -> Rollback:
    """The rollback of a release in its present state, with something to roll back.

    ``force``, ``over`` and ``wait`` are the options of the command. Raises OperatorError.
    """
    if release.pipeline_count == 0:
        raise UsageError(
            f"{release.label} was rejected, so it has changed nothing.",
            f"See why with: release-machine show {release.label}",
        )
    try:
        rollback = rollback_reader(session).get(
            release.release_id,
            rollback_id=rollback_id,
            over_later=force,
            over=over,
            waits=wait,
        )
    except RollbackRefused as error:
        raise refusal(error, release) from error
    if rollback.manifest is None:
        raise nothing_to_do(rollback, over)
    return replace(rollback, same=session.live.unchanged_by(rollback))


def plan_of(session: Session, rollback: Rollback) -> Plan:
    """What the rollback would do now."""
    return planner(session)(rollback.manifest, channel=ROLLBACK_CHANNEL)


def would_be_idle(rollback: Rollback, *, force: bool = False) -> bool:
    """Whether nothing would change, and nothing is refused that would."""
    in_the_way = rollback.conflicts or rollback.foreign
    return rollback.changes_nothing and not (force or in_the_way)


def refuse_unready(
    plan: Plan, rollback: Rollback, *, force: bool = False, over: Sequence[str] = ()
) -> None:
    """Raise OperatorError when the rollback would fail, or when others are in its way."""
    if not plan.valid and not would_be_idle(rollback, force=force):
        raise OperatorError(
            "Nothing was started: the rollback would be refused or fail for the reasons above.",
            f"Write its manifest with: release-machine rollback {rollback.release_id} --manifest "
            "FILE; correct the manifest and submit it.",
        )
    if rollback.foreign or (rollback.conflicts and not force):
        raise conflict(rollback, over)


def prepare_rollback(
    session: Session, rollback: Rollback, *, over: Sequence[str] = ()
) -> Callable[[], str]:
    """The request that starts it on behalf of the caller.

    The request returns the ARN of the workflow execution. All that it needs is read before. Raises
    OperatorError when the input is larger than Step Functions allows.
    """
    return partial(
        _start,
        execution_input(rollback, over=over, caller=session.caller),
        state_machine_arn=session.deployment.state_machine_arn,
        sfn=session.sfn,
    )


def _start(given: str, *, state_machine_arn: str, sfn: SFNClient) -> str:
    return sfn.start_execution(stateMachineArn=state_machine_arn, input=given)["executionArn"]


def refusal(error: RollbackRefused, release: Release) -> UsageError:
    """Why a release cannot be rolled back, and the commands that help."""
    release_id = release.release_id
    if release.status is ReleaseStatus.RUNNING:
        next_step = f"Stop it first: release-machine cancel {release_id}"
    elif release.rollback_of and release.status is ReleaseStatus.SUCCEEDED:
        next_step = (
            f"To ship {release.rollback_of} again, submit its manifest with a new releaseId and "
            f"the revisions of: release-machine show {release.rollback_of} --bom"
        )
    elif remedy := correct_manifest(release):
        next_step = _sentence(remedy)
    elif release.rollback_of:
        next_step = (
            f"Retry it with: release-machine retry {release_id}; or see what "
            f"{release.rollback_of} shipped: release-machine show {release.rollback_of} --bom"
        )
    else:
        next_step = f"See details with: release-machine show {release_id}"
    return UsageError(f"{_sentence(str(error))}.", next_step)


def done_before(release: Release, earlier: Release | None) -> str | None:
    """Why there is nothing left to roll back, if the ``earlier`` rollback has succeeded.

    Raises OperatorError while it runs.
    """
    if earlier is None or earlier.status not in {ReleaseStatus.RUNNING, ReleaseStatus.SUCCEEDED}:
        return None
    if earlier.status is ReleaseStatus.RUNNING:
        raise under_way(release)
    return (
        f"release {release.release_id} was rolled back by release {earlier.release_id}, which has "
        "SUCCEEDED"
    )


def under_way(release: Release) -> OperatorError:
    """The error while a release is being rolled back, with the command to follow that."""
    rollback = release.rolled_back_by or release.rolls_back_as
    return OperatorError(
        f"Release {release.release_id} is being rolled back by release {rollback}.",
        f"Follow it with: release-machine watch {rollback}",
    )


def remarks(rollback: Rollback, release: Release) -> Iterator[Text]:
    """What the plan of the rollback does not show, one line each."""
    if release.rolled_back_by:
        yield Text(
            f"! release {release.release_id} was rolled back before, by release "
            f"{release.rolled_back_by}",
            style="yellow",
        )
    for name, why in rollback.nothing_good.items():
        yield Text(visible(f"! {name} stays as it is: {why}"), style="yellow")
    # The plan itself tells what --force and --over roll back, too.
    for name, why in rollback.blocked.items():
        yield Text(visible(f"! {name} stays as it is: {why}"), style="yellow")
    if rollback.unchanged:
        names = ", ".join(rollback.unchanged)
        yield Text(visible(f"changed nothing, left alone: {names}"), style="dim")
    if rollback.left_alone:
        yield Text(f"did not run, stays as it is: {', '.join(rollback.left_alone)}", style="dim")


def left_out(rollback: Rollback) -> dict[str, str]:
    """Why each pipeline of the release is not rolled back."""
    return {
        **rollback.nothing_good,
        **rollback.blocked,
        **dict.fromkeys(rollback.unchanged, "it changed nothing"),
        **dict.fromkeys(rollback.left_alone, "it did not run"),
    }


def nothing_to_do(rollback: Rollback, over: Sequence[str] = ()) -> OperatorError:
    """The error when nothing of a release can be rolled back."""
    if rollback.blocked:
        return OperatorError(
            f"{_sentence(str(rollback))}",
            f"To roll these back too: {_going_over(rollback, over)}",
        )
    return OperatorError(
        f"{_sentence(str(rollback))}",
        "Put the revisions that you want into a new manifest, as sourceRevisions, and submit it.",
    )


def conflict(rollback: Rollback, over: Sequence[str] = ()) -> OperatorError:
    """The error when others have run the same pipelines since."""
    names = dict.fromkeys([*rollback.conflicts, *rollback.foreign])
    return OperatorError(
        "Nothing was started, because others have run some of the pipelines since: "
        f"{', '.join(names)}.",
        f"To roll these back too: {_going_over(rollback, over)}. To roll back only the others: "
        "write the manifest with --manifest FILE, and submit it.",
    )


def _going_over(rollback: Rollback, over: Sequence[str]) -> str:
    """The command that rolls back what others have run since, too."""
    executions = [*over, *(each for found in rollback.foreign.values() for each in found)]
    words = ["release-machine", "rollback", rollback.release_id]
    words += ["--force"] if rollback.conflicts else []
    words += [f"--over {each}" for each in executions]
    return " ".join(words)


def execution_input(rollback: Rollback, *, caller: str, over: Sequence[str] = ()) -> str:
    """The input of the state machine, on behalf of the caller.

    Raises OperatorError when the input is larger than Step Functions allows.
    """
    if not rollback.conflicts:
        # The machine makes the same manifest itself once it holds the pipelines, so that it notices
        # whoever has run them in between.
        request = {"rollBack": rollback.release_id, "releaseId": rollback.rollback_id}
        allowed = {"over": [*over]} if over else {}
        return write_json({**request, **allowed, "requestedBy": caller})
    given = write_json({"manifest": rollback.manifest, "requestedBy": caller})
    if len(given.encode()) > MAX_BYTES:
        raise OperatorError(
            f"The rollback has {len(given.encode()):,} bytes; an execution takes {MAX_BYTES:,}.",
            "Write the manifest with --manifest FILE, split it in two, and submit both.",
        )
    return given


def manifest_text(rollback: Rollback) -> str:
    """The manifest as the text of a file for people."""
    manifest: dict[str, Any] = dict(rollback.manifest or {})
    return json_text(manifest, indent=2) + "\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
