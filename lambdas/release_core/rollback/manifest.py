"""The manifest of a rollback, and the pipelines that it omits: pure.

A rollback ships, in each pipeline of a release, the revisions of the last good release before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import count
from typing import Any

from release_core.domain.declarations import Declaration, Declared, NotAllowed, declaration_of
from release_core.domain.release import Pipeline, Release
from release_core.domain.revisions import MAX_SHIPPED, Good, foreign
from release_core.errors import RollbackRefused
from release_core.immutable import Immutable
from release_core.manifest.fit import pipeline_problems
from release_core.manifest.limits import MAX_ID
from release_core.problems import listing
from release_core.rollback.past import Past
from release_core.rollback.pins import pins_again, variables_again, why_not_again
from release_core.rollback.refusals import listed
from release_core.strict_json import write_json

MAX_BYTES = 390_000  # of a manifest in the ledger; an item of DynamoDB has at most 400 KB
LEFT_ALONE = "left alone: it changed nothing (it began only sources, approvals, builds or tests)"


class Rollback(Immutable):
    """The rollback of a release, and the pipelines that stay as they are.

    ``manifest`` is the document of a manifest, or None when there is nothing to roll back.
    ``wanted`` has what each pipeline in the manifest goes back to, in the same order.
    ``left_alone`` are the pipelines that did not run, ``unchanged`` those that ran and changed
    nothing. ``nothing_good`` has the reason for each pipeline that cannot be rolled back.
    ``conflicts`` has the later release for each pipeline that a later release has run, and
    ``foreign`` the executions in the way that no release started. ``same`` are the pipelines in
    ``wanted`` whose live revisions and variables are known to be those that they go back to.
    """

    release_id: str
    rollback_id: str
    manifest: Mapping[str, Any] | None
    wanted: Mapping[str, Good]
    left_alone: tuple[str, ...]
    nothing_good: Mapping[str, str]
    conflicts: Mapping[str, str]
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether everything that it would ship is live already."""
        return bool(self.wanted) and self.wanted.keys() <= set(self.same)

    @property
    def restores(self) -> dict[str, str]:
        """The execution that each pipeline goes back to, if no release started it."""
        return {
            name: good.execution_id for name, good in self.wanted.items() if not good.release_id
        }

    @property
    def blocked(self) -> dict[str, str]:
        """The pipelines that others have run since and that stay as they are, and why."""
        since = {
            name: f"release {later} has run this pipeline since"
            for name, later in self.conflicts.items()
        }
        since |= {name: in_the_way(executions) for name, executions in self.foreign.items()}
        done = self.wanted.keys() | self.nothing_good.keys()
        return {name: why for name, why in since.items() if name not in done}

    @property
    def omissions(self) -> Iterator[str]:
        """One line, with the reason, for each pipeline that ran and is not rolled back."""
        for name, why in self.nothing_good.items():
            yield f"- {name}: {why}"
        for name, why in self.blocked.items():
            yield f"- {name}: {why}"
        for name in self.unchanged:
            yield f"- {name}: {LEFT_ALONE}"

    def __str__(self) -> str:
        """The pipelines that are rolled back, and those that are not, as text for people."""
        omissions = list(self.omissions)
        if self.manifest is None:
            text = f"there is nothing to roll back in release {self.release_id}"
            return (
                listing(text, omissions) if omissions else f"{text}: none of its pipelines has run"
            )
        names = [
            f"{name} (to {good.shipper})" if name in self.restores else name
            for name, good in self.wanted.items()
        ]
        text = f"release {self.rollback_id} rolls back: {listed(names)}"
        return listing(f"{text}. Not rolled back", omissions) if omissions else text


def rollback_manifest(
    release: Release,
    *,
    rollback_id: str,
    later: Mapping[str, str] | None = None,
    pasts: Mapping[str, Past] | None = None,
    declared: Declared | None = None,
    over_later: bool = False,
    waits: bool = False,
) -> Rollback:
    """The rollback of a release that was read with all its pipelines.

    ``later`` has the pipelines that a later release has run; they are rolled back only with
    ``over_later``. ``pasts`` has the executions that no release started; a pipeline that has one
    since is omitted. So is a pipeline that no longer fits, as ``declared`` now. With ``waits`` the
    rollback waits for pipelines that another release holds.
    """
    since = later or {}
    past = pasts or {}
    # The reverse order: the first pipeline of the release is rolled back last.
    backwards = sorted(release.of_codepipeline.values(), key=lambda each: -each.position)
    unchanged = [name for name, each in past.items() if each.unchanged]
    ran = [each for each in backwards if each.ran and each.name not in unchanged]
    conflicts = {each.name: since[each.name] for each in ran if each.name in since}
    in_way = {
        each.name: past[each.name].since
        for each in ran
        if each.name in past and past[each.name].since
    }
    nothing_good: dict[str, str] = {}
    wanted: dict[str, Good] = {}
    for pipeline in ran:
        why_not = _why_not(release, pipeline) or _misfit(pipeline, declared)
        if why_not:
            nothing_good[pipeline.name] = why_not
        elif (
            pipeline.previous_good
            and pipeline.name not in in_way
            and (over_later or pipeline.name not in conflicts)
        ):
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
        foreign=in_way,
        unchanged=tuple(unchanged),
    )


def in_the_way(executions: Sequence[str]) -> str:
    """The executions that shipped a pipeline after the release, or will, in words."""
    if len(executions) == 1:
        return f"{foreign(executions[0])} has run since"
    return f"executions {listed(executions)} that no release started have run since"


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


def _why_not(release: Release, pipeline: Pipeline) -> str | None:
    good = pipeline.previous_good
    if good is None:
        return f"no release has succeeded in this pipeline before {release.release_id}"
    if good.unrecorded_bytes:
        return (
            f"the revisions and variables of {good.shipper} have "
            f"{good.unrecorded_bytes:,} bytes; the ledger keeps at most {MAX_SHIPPED:,}"
        )
    if not good.revisions:
        return f"the last good {good.shipper} has no revisions on record"
    for revision in good.revisions:
        source = f"{revision.action or revision.artifact} in {good.shipper}"
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
    return f"{good.shipper} cannot be shipped again: {'; '.join(says)}" if says else None


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
