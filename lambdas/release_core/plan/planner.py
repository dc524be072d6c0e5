"""Plans a release: the checks of its opening, and an outlook; only reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from release_core.aws.calendars import Calendars
from release_core.aws.clients import InParallel, one_by_one
from release_core.aws.source_lookup import Lookup, RevisionSources
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.decide.calendars import hold_by_calendars
from release_core.decide.outcome import is_over
from release_core.decide.resume import (
    refuse_other,
    refuse_overtaken,
    refuse_resume,
    refuse_unknown,
    runs_already,
    succeeded,
    unfinished_pipelines,
)
from release_core.domain.declarations import Declared, SourceAction, declaration_of, revision_types
from release_core.domain.queue import Place, Rival
from release_core.domain.release import ROLLBACK_CHANNEL, Release
from release_core.domain.revisions import Pin
from release_core.errors import ManifestInvalid, Rejection
from release_core.immutable import Immutable
from release_core.ledger.reader import LedgerReader
from release_core.live.reader import LiveReader
from release_core.manifest.checks import (
    examine,
    is_resume,
    named_pipelines,
    refuse_unproved,
    release_id_of,
)
from release_core.manifest.model import Manifest, ManifestPipeline
from release_core.plan.assessment import (
    Assessment,
    Lookups,
    line_of,
    pins_of,
    sources_of,
    variables_of,
)
from release_core.plan.document import Plan
from release_core.plan.survey import Survey
from release_core.rollback.later_releases import overtaken_by
from release_core.rollback.reader import RollbackReader
from release_core.rollback.refusals import refuse_rollback
from release_core.rollback.title import title_of_rollback


class Planner(Immutable):
    """Plans what a manifest would do now: the checks of the opening, and what would change.

    Writes nothing.
    """

    ledger: LedgerReader
    declarations: Callable[[Sequence[str]], Declared]
    step_functions: StepFunctions
    client: Callable[[str], Any]
    brief_client: Callable[[str], Any]
    clock: Clock
    rollbacks: RollbackReader
    live: LiveReader
    calendars: Calendars | None = None
    in_parallel: InParallel = one_by_one

    def __call__(self, document: object, *, channel: str | None = None) -> Plan:
        """The plan of a JSON document, with all problems if it cannot be released.

        Without a ``channel`` it may still be submitted through any door. Raises ClientError when
        AWS refuses a read other than that of a revision.
        """
        names = named_pipelines(document)
        declared = self.declarations(names)
        release_id = release_id_of(document)
        release = self._on_record(release_id) if release_id else None
        done = succeeded(release) if is_resume(document) else ()
        manifest, problems = examine(document, declared=declared, succeeded=done)
        if manifest is None:
            return Plan(release_id=release_id, problems=tuple(map(line_of, problems)))
        survey = Survey(self.client("codepipeline"), in_parallel=self.in_parallel)
        known = {name: each for name in names if (each := declaration_of(declared, name))}
        facts = survey([*known])
        live = self.live(
            known,
            listed={name: each.executions for name, each in facts.items()},
            skippable={name: each.skippable for name, each in known.items()},
        )
        variables = {each.name: variables_of(declared, each) for each in manifest.pipelines}
        with_any = {name: each for name, each in variables.items() if each}
        later = self._later(manifest, release)
        rolled_back = self._rolled_back(manifest, release)
        looked = Assessment(
            manifest=manifest,
            declared=declared,
            facts=facts,
            live=live,
            held=self._rivals(names, release),
            found=self._find(manifest, declared, variables),
            release=release,
            later=later,
            pasts=self.rollbacks.pasts(rolled_back) if rolled_back else {},
            freezes=self.ledger.get_freezes(),
            now=self.clock(),
            other_values=self.live.other_values(live.live, with_any),
            closed=self._closed(release, channel),
            channel=channel,
        )
        refusal = self._refusal(manifest, release, later, channel=channel)
        plan = looked.plan(problems, refusal)
        derived = title_of_rollback(rolled_back) if rolled_back else None
        return replace(plan, title=plan.title or derived)

    def _on_record(self, release_id: str) -> Release | None:
        """The release with its pipelines and notes, or None."""
        release = self.ledger.get_release(release_id)
        return release and replace(release, notes=self.ledger.get_notes(release_id))

    def _refusal(
        self,
        manifest: Manifest,
        release: Release | None,
        later: Mapping[str, str],
        *,
        channel: str | None,
    ) -> Rejection | None:
        """The reason on record why the opening would refuse a valid manifest, or None."""
        try:
            past = manifest.untimely(self.clock())
            if release is None:
                refuse_unknown(manifest)
                if past:
                    return ManifestInvalid(str(past))
                if channel:
                    refuse_unproved(manifest, channel)
                if manifest.rollback_of:
                    rolled_back = self.ledger.get_release(manifest.rollback_of)
                    refuse_rollback(rolled_back, manifest.rollback_of, pipelines=manifest.names)
            else:
                refuse_other(manifest, release)
                if runs_already(manifest, release):
                    return None
                refuse_resume(release, has_ended=self._has_ended)
                if past:
                    return ManifestInvalid(str(past))
                if channel:
                    refuse_unproved(manifest, channel, granted=succeeded(release))
                outside = (
                    self.rollbacks.foreign_since(release, unfinished_pipelines(release))
                    if release.rollback_of
                    else {}
                )
                refuse_overtaken(release, later, outside)
        except Rejection as refused:
            return refused
        return None

    def _closed(self, release: Release | None, channel: str | None) -> str | None:
        """Why the change calendars would keep every pipeline from being started now, or None."""
        never_held = release.never_held if release else channel == ROLLBACK_CHANNEL
        if self.calendars is None or never_held:
            return None
        state = self.calendars.read()
        hold = hold_by_calendars(self.calendars.names, state, self.clock())
        if hold and state.trouble:  # a user who plans may read less than the functions
            return (
                f"it is not known whether the change calendars {hold.scope} are open: "
                f"{state.trouble}. Nothing is started while the functions cannot read them"
            )
        return f"nothing would be started now: {hold}" if hold else None

    def _later(self, manifest: Manifest, release: Release | None) -> Mapping[str, str]:
        """The later release that ran each pipeline, for a rollback or a resume."""
        if release is not None:
            return (
                overtaken_by(self.ledger, release, unfinished_pipelines(release))
                if manifest.resume
                else {}
            )
        rolled_back = self._rolled_back(manifest, release)
        return overtaken_by(self.ledger, rolled_back) if rolled_back else {}

    def _rolled_back(self, manifest: Manifest, release: Release | None) -> Release | None:
        """The release that a manifest rolls back, unless its rollback exists already."""
        if release is not None or not manifest.rollback_of:
            return None
        return self.ledger.get_release(manifest.rollback_of)

    def _rivals(self, names: Sequence[str], release: Release | None) -> dict[str, Rival]:
        """The first living release that holds, or waits for, each pipeline."""
        has_ended = cache(self._has_ended)  # one execution can hold all pipelines
        first: dict[str, Rival] = {}
        for name, lock in self.ledger.get_locks(names).items():
            for rival in (lock.holder, *lock.queue):
                if rival and not (
                    _is_own(rival, release) or has_ended(rival.execution_arn, rival.since)
                ):
                    first.setdefault(name, rival)
        return first

    def _has_ended(self, execution_arn: str, since: datetime | None) -> bool:
        end = self.step_functions.workflow_end(execution_arn)
        return is_over(end, since=since, now=self.clock())

    def _find(
        self, manifest: Manifest, declared: Declared, variables: Mapping[str, Mapping[str, str]]
    ) -> Lookups:
        wanted = [
            (pipeline.name, source, fitting)
            for pipeline in manifest.pipelines
            for source in sources_of(declared, pipeline)
            if (fitting := _fitting_pins(pipeline, source)) or not pins_of(pipeline, source)
        ]
        revisions = RevisionSources(self.client, self.brief_client)

        def find(each: tuple[str, SourceAction, Sequence[Pin]]) -> Lookup:
            name, source, pins = each
            return revisions.find(source, pins, variables[name])

        found = self.in_parallel(find, wanted)
        return {
            (name, source.name): lookup
            for (name, source, _), lookup in zip(wanted, found, strict=True)
        }


def _is_own(rival: Rival, release: Release | None) -> bool:
    """Whether this is the release itself, or its automatic rollback, which it overtakes."""
    if release is None:
        return False
    own_id = {release.release_id, release.rolls_back_as}
    return rival.execution_arn == release.execution_arn or (
        isinstance(rival, Place) and rival.release_id in own_id
    )


def _fitting_pins(pipeline: ManifestPipeline, source: SourceAction) -> list[Pin]:
    """The pins that can be looked up; a pin of a wrong type is a problem already."""
    types = revision_types(source.provider)
    return [pin for pin in pins_of(pipeline, source) if not types or pin.type in types]
