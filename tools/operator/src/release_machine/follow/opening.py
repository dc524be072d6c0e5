"""What became of an execution at its opening: a new release, one that was there, or a rejection."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release_core.clock import Clock
from release_core.domain.release import Release
from release_machine.deployment.aws_problems import explained
from release_machine.errors import UnreachableError
from release_machine.follow.events import Event, LookFailed, ReleaseWaits
from release_machine.follow.pace import Pace
from release_machine.release.busy import Hold
from release_machine.release.situation import abandon_command

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

    from release_core.ledger.history import HistoryReader

# Opening takes a moment, some two seconds: only what takes more looks is asked for its reason.
_LOOKS_WITHOUT_REASON = 3
RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The execution opened this release."""

    release_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyReleased:
    """The same manifest had opened this release before."""

    release_id: str
    released_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The manifest opened nothing; error is one of the machine's error names, or AWS's."""

    error: str
    cause: str

    @classmethod
    def of(cls, recorded: Release) -> Rejected:
        """A rejection as the ledger has it."""
        error, _, cause = (recorded.why or "").partition(": ")
        return cls(error=error, cause=cause)

    def __str__(self) -> str:
        """Error and cause, as the execution shows them."""
        return f"{self.error}: {self.cause}"

    def next_step(self, release_id: str | None) -> str:
        """What to do about it; ``release_id`` is that of its release, where that is known."""
        match self.error:
            case "ManifestUnreadable" | "ManifestInvalid":
                return (
                    "Correct the manifest, check it with: release-machine plan FILE; "
                    "then submit it again."
                )
            case "ReleaseIdTaken":
                return "Give the manifest a releaseId of its own, and submit it again."
            case "PipelinesBusy":
                return (
                    'Submit it again when they have ended; or add "onBusy": "wait" to the '
                    "manifest (with retry: --wait), and it starts by itself then."
                )
            case "ReleaseNotResumable" | "RollbackRefused":
                ends = [f"End it now with: {command}" for command in self._abandon_commands()]
                return "\n".join([*ends, _see(release_id)])
            case "ABORTED" | "StoppedByHand":
                return "It was stopped before it began; submit it again when you want it."
            case _:
                return "See why with: release-machine logs; then submit it again."

    def _abandon_commands(self) -> list[str]:
        """Of the executions that the machine names because they still run."""
        named = re.findall(r"^- (\S+): execution (\S+)$", self.cause, re.MULTILINE)
        return [abandon_command(pipeline, execution) for pipeline, execution in named]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """It was a dry run, which found nothing wrong; this is its plan."""

    plan: Mapping[str, Any]


def _see(release_id: str | None) -> str:
    if release_id is None:
        return "List the latest releases with: release-machine list"
    return f"See how it stands with: release-machine show {shlex.quote(release_id)}"


# What an execution says that opened nothing new.
type Answer = AlreadyReleased | Rejected | Planned
type Opening = Opened | Answer


def await_opening(
    execution_arn: str,
    *,
    look: Callable[[], Opening | None],
    waited_for: Callable[[], list[Hold]],
    show: Callable[[list[Event]], None],
    wait: Callable[[float], None],
    clock: Clock,
    patient: bool,
) -> Opening | ReleaseWaits:
    """Look, with growing pauses, until it is opened or the execution has ended without that.

    What it waits for is shown whenever that has changed; when not ``patient``, it is the answer.
    Raises UnreachableError when AWS stays away, or when whoever is not patient may not ask what it
    waits for; a single failed look is shown and survived.
    """
    pace = Pace()
    known: list[Hold] = []
    looks = 0
    silent = False  # about the reason, which AWS does not tell
    while True:
        try:
            with explained():
                opening = look()
        except UnreachableError as error:
            pace.missed(error)
            show([_failed(error, clock)])
        else:
            if opening is not None:
                return opening
            holds, events = known, list[Event]()
            if looks >= _LOOKS_WITHOUT_REASON:
                try:
                    with explained():
                        holds, silent = waited_for(), False
                except UnreachableError as error:
                    if not patient:
                        raise
                    events = [] if silent else [_failed(error, clock)]
                    silent = True
            waits = ReleaseWaits(execution_arn, holds) if holds != known else None
            show([waits] if waits else events)
            if holds and waits and not patient:
                return waits
            pace.looked(changed=waits is not None)
            known = holds
        looks += 1
        wait(pace.pause)


def _failed(error: UnreachableError, clock: Clock) -> LookFailed:
    return LookFailed(error.problem, error.next_step, clock())


def opening_of(execution_arn: str, *, sfn: SFNClient, ledger: HistoryReader) -> Opening | None:
    """Look once what became of an execution; None while that is open."""
    # Asked in this order, an execution that ended has written its pointer before we read it.
    execution = sfn.describe_execution(executionArn=execution_arn)
    status = execution["status"]
    if status == SUCCEEDED:
        output = _json_object(execution.get("output", ""))
        if "criticalPath" in output:
            return Planned(plan=output)
        if output.get("released_by"):
            return AlreadyReleased(
                release_id=str(output["release_id"]), released_by=str(output["released_by"])
            )
    release_id = ledger.release_opened_by(execution_arn)
    if release_id is not None:
        return Opened(release_id=release_id)
    if status != RUNNING:
        return Rejected(
            error=execution.get("error") or status,
            cause=execution.get("cause") or f"the execution ended {status} before it opened",
        )
    return None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
