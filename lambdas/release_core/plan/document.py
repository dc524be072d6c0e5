"""A plan: what a manifest would do now, as plain values and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from release_core.clock import to_iso
from release_core.domain.declarations import Declaration
from release_core.domain.queue import Rival
from release_core.errors import ManifestInvalid, Rejection
from release_core.immutable import Immutable
from release_core.manifest.model import ManifestApproval
from release_core.plan.changes import Before, PlannedSource
from release_core.plan.survey import PipelineFacts
from release_core.strict_json import write_json

# The output of a workflow execution has at most 256 KiB, of which the workflow needs a part.
OUTPUT_LIMIT = 200_000  # bytes
_PLAIN = ("name", "dependsOn", "changes", "dangers", "problems", "warnings")
_OF_LIVE = frozenset({"live", "liveUnknown"})
_OF_SOURCE = ("actionName", "current", "wanted", "wantedKey", "ships", "changes", "rolledBack")
_PLAIN_ASKS = ("name", "dependsOn", "minApprovals", "fourEyes", "expiresAfterMinutes")


class PlannedPipeline(Immutable):
    """A pipeline of a plan; ``declaration`` is None when the pipeline cannot be read.

    ``before`` is what is live now, and ``other_values`` whether it was shipped with other values of
    the pipeline's variables; None if that is not known. A pipeline that does not run, as the
    release has been opened or the pipeline has succeeded in it, changes nothing. ``dangers`` are
    warnings that nobody may overlook.
    """

    name: str
    depends_on: tuple[str, ...]
    declaration: Declaration | None
    facts: PipelineFacts
    sources: tuple[PlannedSource, ...]
    variables: tuple[str, ...]
    held_by: Rival | None
    usual: timedelta | None
    starts_after: timedelta | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    before: Before = field(default_factory=Before)
    other_values: bool | None = False
    runs: bool = True
    dangers: tuple[str, ...] = ()

    @property
    def changes(self) -> bool | None:
        """Whether it would ship anything else than is live; None if that is not known."""
        if not self.runs:
            return False
        changes = [self.other_values, *(each.changes for each in self.sources)]
        if True in changes:
            return True
        live = self.before.live
        known = self.sources and None not in changes and (live is None or live.ran_last)
        return False if known else None

    def as_json(self) -> dict[str, Any]:
        """The pipeline in the document of a plan."""
        declaration, holder, live = self.declaration, self.held_by, self.before.live
        return {
            "name": self.name,
            "dependsOn": list(self.depends_on),
            "type": declaration.type if declaration else None,
            "executionMode": declaration.mode if declaration else None,
            "runs": self.runs,
            "live": live and live.as_json(with_revisions=False),
            "liveUnknown": self.before.unknown,
            "changes": self.changes,
            "sources": [source.as_json() for source in self.sources],
            "variables": list(self.variables),
            "disabledTransitions": [
                {"stage": each.stage, "reason": each.reason} for each in self.facts.disabled
            ],
            "inFlight": [
                {
                    "executionId": each.execution_id,
                    "status": each.status,
                    "startedAt": to_iso(each.started_at),
                }
                for each in self.facts.in_flight
            ],
            "heldBy": holder
            and {"releaseId": holder.release_id, "executionArn": holder.execution_arn},
            "usualSeconds": _seconds(self.usual),
            "startsAfterSeconds": _seconds(self.starts_after),
            "dangers": list(self.dangers),
            "problems": list(self.problems),
            "warnings": list(self.warnings),
        }


class PlannedApproval(Immutable):
    """An approval of a plan; ``behind`` are the pipelines that wait for it.

    ``granted`` is for a resume: people are not asked again.
    """

    asks: ManifestApproval
    behind: tuple[str, ...]
    granted: bool

    def as_json(self) -> dict[str, Any]:
        """The approval in the document of a plan."""
        return {
            "name": self.asks.name,
            "dependsOn": list(self.asks.depends_on),
            "question": self.asks.question,
            "minApprovals": self.asks.min_approvals,
            "fourEyes": self.asks.four_eyes,
            "expiresAfterMinutes": self.asks.expires_after_minutes,
            "behind": list(self.behind),
            "granted": self.granted,
        }


class Standing(Immutable):
    """The status of a release that was opened earlier with the same manifest.

    It ``needs_new_manifest`` if it failed because of its pins, which a retry would use again.
    """

    status: str
    rolled_back_by: str | None = None
    needs_new_manifest: bool = False

    def as_json(self) -> dict[str, Any]:
        """The status in the document of a plan."""
        return {
            "status": self.status,
            "rolledBackBy": self.rolled_back_by,
            "needsNewManifest": self.needs_new_manifest,
        }


class Plan(Immutable):
    """What a manifest would do now; ``problems`` has every reason why it cannot be released.

    ``refused_as`` is the error that the opening would raise for the problems. With
    ``already_released`` nothing would run.
    """

    release_id: str | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    expected: timedelta | None = None
    critical_path: tuple[str, ...] = ()
    pipelines: tuple[PlannedPipeline, ...] = ()
    approvals: tuple[PlannedApproval, ...] = ()
    already_released: Standing | None = None
    held_until: datetime | None = None
    refused_as: type[Rejection] = ManifestInvalid
    title: str | None = None
    notes: str | None = None
    kind: str | None = None

    @property
    def valid(self) -> bool:
        """Whether the manifest can be released now."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The plan as a JSON document; docs/operating.md describes it."""
        return self._document([each.as_json() for each in self.pipelines], self._approvals)

    def as_output(self) -> dict[str, Any]:
        """The document, shortened where it is too large for the output of a workflow execution."""
        document = self.as_json()
        if _fits(document):
            return document
        note = "the plan is too large for this output; release-machine plan shows all of it"
        warnings = [*self.warnings, note]
        pipelines = document["pipelines"]
        without_words = [
            {
                **{key: known for key, known in each.items() if key not in _OF_LIVE},
                "sources": [_only(one, _OF_SOURCE) for one in each["sources"]],
            }
            for each in pipelines
        ]
        shorter = self._document(without_words, self._approvals, warnings)
        if _fits(shorter):
            return shorter
        plain = [_only(each, _PLAIN) for each in pipelines]
        asks = [_only(each, _PLAIN_ASKS) for each in self._approvals]
        shortest = self._document(plain, asks, warnings)
        return shortest if _fits(shortest) else self._document([], [], warnings)

    @property
    def _approvals(self) -> list[dict[str, Any]]:
        return [each.as_json() for each in self.approvals]

    def _document(
        self,
        pipelines: Sequence[dict[str, Any]],
        approvals: Sequence[dict[str, Any]],
        warnings: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        return {
            "releaseId": self.release_id,
            "title": self.title,
            "notes": self.notes,
            "kind": self.kind,
            "valid": self.valid,
            "alreadyReleased": self.already_released and self.already_released.as_json(),
            "heldUntil": to_iso(self.held_until) if self.held_until else None,
            "problems": list(self.problems),
            "warnings": list(self.warnings if warnings is None else warnings),
            "expectedSeconds": _seconds(self.expected),
            "criticalPath": list(self.critical_path),
            "pipelines": list(pipelines),
            "approvals": list(approvals),
        }


def _fits(document: Mapping[str, Any]) -> bool:
    return len(write_json(document).encode()) <= OUTPUT_LIMIT


def _only(known: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: known[key] for key in keys}


def _seconds(period: timedelta | None) -> int | None:
    return None if period is None else round(period.total_seconds())
