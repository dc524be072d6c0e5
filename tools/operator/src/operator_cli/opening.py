"""What became of an execution at its opening: a new release, one that was there, or a rejection."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operator_cli.busy import Hold
from operator_cli.ledger_reader import LedgerReader
from operator_cli.model import Release
from operator_cli.situation import abandon_command

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

_PAUSE_SECONDS = 0.5
# Opening takes a moment: only what takes longer is asked for its reason, every so many looks.
_LOOKS_BETWEEN_REASONS = 4
# What still holds is said again every five minutes: jobs that say nothing are ended.
_LOOKS_BETWEEN_SIGNS = 600
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
    released_by: str | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Postponed:
    """The execution waits for pipelines that others hold, and will open its release by itself."""

    holds: Sequence[Hold]


def _see(release_id: str | None) -> str:
    if release_id is None:
        return "List the latest releases with: release-machine list"
    return f"See how it stands with: release-machine show {shlex.quote(release_id)}"


type Opening = Opened | AlreadyReleased | Rejected | Planned | Postponed


def await_opening(
    execution_arn: str,
    *,
    sfn: SFNClient,
    ledger: LedgerReader,
    waited_for: Callable[[], list[Hold]],
    tell: Callable[[str], None],
    wait: Callable[[float], None],
    patient: bool = True,
) -> Opening:
    """Look until the ledger names the release or the execution has ended without one.

    While it waits for pipelines that others hold, that is told, and again when it changes; when not
    ``patient``, it is the answer.
    """
    told: list[Hold] = []
    looks = 0
    while True:
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
        looks += 1
        if looks % _LOOKS_BETWEEN_REASONS == 0:
            holds = waited_for()
            if holds and (holds != told or looks % _LOOKS_BETWEEN_SIGNS == 0):
                tell(f"waits for busy pipelines: {'; '.join(map(str, holds))}")
                if not patient:
                    return Postponed(holds=holds)
            told = holds
        wait(_PAUSE_SECONDS)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
