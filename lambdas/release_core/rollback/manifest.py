"""The manifest of a rollback, and the pipelines that it omits: pure.

A rollback ships, in each pipeline of a release, the revisions of the last good release before it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from release_core.domain.declarations import Declaration, Declared, NotAllowed, declaration_of
from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_core.domain.revisions import MAX_SHIPPED, Good
from release_core.errors import RollbackRefused
from release_core.manifest.fit import pipeline_problems
from release_core.manifest.limits import MAX_ID
from release_core.problems import MAX_REPORTED, listing
from release_core.rollback.pins import pins_again, variables_again, why_not_again
from release_core.strict_json import write_json

MAX_BYTES = 390_000  # of a manifest in the ledger; an item of DynamoDB has at most 400 KB


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """The rollback of a release, and the pipelines that stay as they are.

    ``manifest`` is the document of a manifest, or None when there is nothing to roll back.
    ``wanted`` has the last good release of each pipeline in the manifest, in the same order.
    ``left_alone`` are the pipelines that did not run. ``nothing_good`` has the reason for each
    pipeline that cannot be rolled back. ``conflicts`` has the later release for each pipeline that
    a later release has run.
    """

    release_id: str
    rollback_id: str
    manifest: Mapping[str, Any] | None
    wanted: Mapping[str, Good]
    left_alone: tuple[str, ...]
    nothing_good: Mapping[str, str]
    conflicts: Mapping[str, str]

    @property
    def omissions(self) -> Iterator[str]:
        """One line, with the reason, for each pipeline that ran and is not rolled back."""
        for name, why in self.nothing_good.items():
            yield f"- {name}: {why}"
        for name, later in self.conflicts.items():
            if name not in self.wanted and name not in self.nothing_good:
                yield f"- {name}: release {later} has run this pipeline since"

    def __str__(self) -> str:
        """The pipelines that are rolled back, and those that are not, as text for people."""
        omissions = list(self.omissions)
        if self.manifest is None:
            text = f"there is nothing to roll back in release {self.release_id}"
            return (
                listing(text, omissions) if omissions else f"{text}: none of its pipelines has run"
            )
        text = f"release {self.rollback_id} rolls back: {_listed(list(self.wanted))}"
        return listing(f"{text}. Not rolled back", omissions) if omissions else text


def rollback_manifest(
    release: Release,
    *,
    rollback_id: str,
    later: Mapping[str, str] | None = None,
    declared: Declared | None = None,
    over_later: bool = False,
    waits: bool = False,
) -> Rollback:
    """The rollback of a release that was read with all its pipelines.

    ``later`` has the pipelines that a later release has run; they are rolled back only with
    ``over_later``. A pipeline that no longer fits, as ``declared`` now, is omitted. With ``waits``
    the rollback waits for pipelines that another release holds.
    """
    since = later or {}
    # The reverse order: the first pipeline of the release is rolled back last.
    backwards = sorted(release.pipelines.values(), key=lambda each: -each.position)
    ran = [each for each in backwards if each.ran]
    conflicts = {each.name: since[each.name] for each in ran if each.name in since}
    nothing_good: dict[str, str] = {}
    wanted: dict[str, Good] = {}
    for pipeline in ran:
        why_not = _why_not(release, pipeline) or _misfit(pipeline, declared)
        if why_not:
            nothing_good[pipeline.name] = why_not
        elif pipeline.previous_good and (over_later or pipeline.name not in conflicts):
            wanted[pipeline.name] = pipeline.previous_good
    return Rollback(
        release_id=release.release_id,
        rollback_id=rollback_id,
        manifest=_manifest(
            release, wanted, rollback_id=rollback_id, declared=declared or {}, waits=waits
        )
        if wanted
        else None,
        wanted=wanted,
        left_alone=tuple(each.name for each in reversed(backwards) if not each.ran),
        nothing_good=nothing_good,
        conflicts=conflicts,
    )


def refuse_rollback(
    release: Release | None, release_id: str, *, pipelines: Iterable[str] = ()
) -> Release:
    """The release, read with all its pipelines, if a rollback of these pipelines is allowed.

    Raises RollbackRefused when the release does not exist, still runs, is a rollback, or does not
    have one of the pipelines.
    """
    if release is None:
        raise RollbackRefused(
            f"there is no release {release_id} to roll back; find its id with release-machine list"
        )
    if release.status is ReleaseStatus.RUNNING:
        raise RollbackRefused(
            f"release {release_id} still runs, as {release.execution_arn}. Cancel it or wait until "
            "it has ended, then roll it back"
        )
    if release.rollback_of:
        raise RollbackRefused(
            f"release {release_id} is the rollback of {release.rollback_of}, and a rollback cannot "
            f"be rolled back. If {release_id} did not succeed, retry it. To ship "
            f"{release.rollback_of} again, submit its manifest with a new releaseId, and with the "
            "revisions of its bill of materials as sourceRevisions"
        )
    strangers = [name for name in pipelines if name not in release.pipelines]
    if strangers:
        raise RollbackRefused(
            f"release {release_id} does not have these pipelines: {_listed(strangers)}. Remove "
            "them, or remove rollbackOf: a rollback has only pipelines of the release it rolls back"
        )
    return release


def checked_manifest(rollback: Rollback) -> Mapping[str, Any]:
    """The manifest of a rollback, to be opened.

    Raises RollbackRefused when there is nothing to roll back, or when the manifest is too large.
    """
    if rollback.manifest is None:
        raise RollbackRefused(str(rollback))
    size = len(write_json(rollback.manifest).encode())
    if size > MAX_BYTES:
        raise RollbackRefused(
            f"the manifest that rolls back release {rollback.release_id} has {size:,} bytes; the "
            f"ledger holds at most {MAX_BYTES:,}. Write it to a file with release-machine rollback "
            "--manifest, and split it into several releases"
        )
    return rollback.manifest


def rollback_ids(release_id: str) -> Iterator[str]:
    """The possible ids of a rollback, in order of preference, each at most MAX_ID characters."""
    for number in count(1):
        suffix = "-rollback" if number == 1 else f"-rollback-{number}"
        yield release_id[: MAX_ID - len(suffix)] + suffix


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_REPORTED} more" if len(names) > MAX_REPORTED else ""
    return ", ".join(names[:MAX_REPORTED]) + more


def _why_not(release: Release, pipeline: Pipeline) -> str | None:
    good = pipeline.previous_good
    if good is None:
        return f"no release has succeeded in this pipeline before {release.release_id}"
    if good.unrecorded_bytes:
        return (
            f"the revisions and variables of release {good.release_id} have "
            f"{good.unrecorded_bytes:,} bytes; the ledger keeps at most {MAX_SHIPPED:,}"
        )
    if not good.revisions:
        return f"the last good release {good.release_id} has no revisions on record"
    for revision in good.revisions:
        source = f"{revision.action or revision.artifact} in release {good.release_id}"
        if not revision.revision:
            return f"the revision of {source} has no id on record"
        if revision.pin is None:
            return f"revision {revision.revision} of {source} is of a kind that cannot be pinned"
    return None


def _misfit(pipeline: Pipeline, declared: Declared | None) -> str | None:
    good = pipeline.previous_good
    # A pipeline that cannot be read is not omitted: the opening rejects the manifest and names it.
    if good is None or declared is None or isinstance(declared.get(pipeline.name), NotAllowed):
        return None
    declaration = declaration_of(declared, pipeline.name)
    entry = _entry(pipeline, good, before=(), declaration=declaration)
    says = [*why_not_again(good, declaration)] if declaration else []
    says += (problem.says for problem in pipeline_problems(0, entry, declared))
    return f"release {good.release_id} cannot be shipped again: {'; '.join(says)}" if says else None


def _manifest(
    release: Release,
    wanted: Mapping[str, Good],
    *,
    rollback_id: str,
    declared: Declared,
    waits: bool,
) -> dict[str, Any]:
    before = _reversed_order(release, wanted)
    return {
        "releaseId": rollback_id,
        "rollbackOf": release.release_id,
        "pipelines": [
            _entry(
                release.pipelines[name],
                good,
                before=before[name],
                declaration=declaration_of(declared, name),
            )
            for name, good in wanted.items()
        ],
        # When a pipeline fails, those that do not depend on it are still rolled back.
        "onFailure": "continue",
        **({"maxConcurrency": release.max_concurrency} if release.max_concurrency else {}),
        **({"onBusy": "wait"} if waits else {}),
    }


def _entry(
    pipeline: Pipeline, good: Good, *, before: Sequence[str], declaration: Declaration | None
) -> dict[str, Any]:
    pins = pins_again(good, declaration)
    minutes = pipeline.time_limit.total_seconds() // 60 if pipeline.time_limit else None
    entry = {
        "name": pipeline.name,
        "dependsOn": list(before),
        "timeoutMinutes": int(minutes) if minutes else None,
        "retries": pipeline.retries,
        "variables": variables_again(good),
        "sourceRevisions": [
            {"actionName": pin.action, "revisionType": pin.type, "revisionValue": pin.revision}
            for pin in pins
        ],
    }
    return {key: value for key, value in entry.items() if value}


def _reversed_order(release: Release, wanted: Mapping[str, Good]) -> dict[str, list[str]]:
    """The dependencies in the rollback: each pipeline waits for its nearest dependents."""
    dependents: dict[str, list[str]] = {}
    for each in release.pipelines.values():
        for name in each.depends_on:
            dependents.setdefault(name, []).append(each.name)
    found: dict[str, list[str]] = {}
    for name in wanted:
        nearest: dict[str, None] = {}
        passed: set[str] = set()
        ahead = [*dependents.get(name, ())]
        while ahead:
            dependent = ahead.pop()
            if dependent in wanted:
                nearest[dependent] = None
            elif dependent not in passed:
                # A pipeline that is omitted still puts the pipelines around it in an order.
                passed.add(dependent)
                ahead += dependents.get(dependent, ())
        found[name] = [each for each in wanted if each in nearest]
    return found
