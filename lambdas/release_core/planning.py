"""Planning a release: the checks of its opening and a look ahead, by reading alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from release_core.checking import examine, named_pipelines
from release_core.clients import InParallel, one_by_one
from release_core.clock import Clock
from release_core.codepipeline import CodePipeline
from release_core.declarations import Declaration, Declared, SourceAction
from release_core.durations import schedule, usual
from release_core.errors import ManifestInvalid, Rejection
from release_core.holders import Holder, Holders
from release_core.ledger_reader import LedgerReader
from release_core.manifest import Manifest, ManifestPipeline
from release_core.model import Pipeline, PipelineStatus, Release
from release_core.plan import Plan, PlannedPipeline, PlannedSource
from release_core.problems import Problem, one_line
from release_core.resuming import refuse_other, refuse_resume, refuse_unknown, runs_already
from release_core.rolling_back import refuse_rollback
from release_core.shipped import Pin
from release_core.survey import Lookup, PipelineFacts, RevisionSources, Survey
from release_core.tokens import Tokens

type Lookups = Mapping[tuple[str, str], Lookup]  # by pipeline and source action


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Plans what a manifest would do now, with the same checks as its opening; writes nothing."""

    codepipeline: CodePipeline
    survey: Survey
    revisions: RevisionSources
    ledger: LedgerReader
    holders: Holders
    tokens: Tokens
    clock: Clock
    in_parallel: InParallel = one_by_one

    def __call__(self, document: object) -> Plan:
        """The plan of a JSON document, with all its problems if it cannot be released.

        Raises ClientError for what AWS refuses to show, beside revisions.
        """
        names = named_pipelines(document)
        declared = self.codepipeline.declarations(names)
        manifest, problems = examine(document, declared=declared)
        if manifest is None:
            return Plan(release_id=_release_id(document), problems=tuple(map(_line, problems)))
        facts = self.survey([name for name in names if _declaration(declared, name)])
        held = {
            name: holder
            for name, holder in self.holders.read(names).items()
            if not self._has_ended(holder.execution_arn)
        }
        release = self.ledger.read_release(manifest.release_id)
        looked = Outlook(
            manifest=manifest,
            declared=declared,
            facts=facts,
            held={name: each for name, each in held.items() if not _is_own(each, release)},
            found=self._find(manifest, declared),
            release=release,
        )
        return looked.plan(problems, self._refusal(manifest, release))

    def _refusal(self, manifest: Manifest, release: Release | None) -> str | None:
        """Why its opening would refuse a sound manifest, told by what is on record."""
        try:
            if release is None:
                refuse_unknown(manifest)
                if manifest.rollback_of:
                    rolled_back = self.ledger.read_release(manifest.rollback_of)
                    refuse_rollback(rolled_back, manifest.rollback_of)
            else:
                refuse_other(manifest, release)
                if runs_already(manifest, release):
                    return None
                refuse_resume(release, has_ended=self._has_ended)
            manifest.refuse_past(self.clock())
        except ManifestInvalid as past:
            return str(past).partition("\n- ")[2]
        except Rejection as refused:
            return str(refused)
        return None

    def _has_ended(self, execution_arn: str) -> bool:
        return self.tokens.ending(execution_arn) is not None

    def _find(self, manifest: Manifest, declared: Declared) -> Lookups:
        wanted = [
            (pipeline.name, source, pins)
            for pipeline in manifest.pipelines
            for source in _sources(declared, pipeline.name)
            if (pins := _pins(pipeline, source))
        ]
        found = self.in_parallel(lambda each: self.revisions.find(each[1], each[2]), wanted)
        return {
            (name, source.name): lookup
            for (name, source, _), lookup in zip(wanted, found, strict=True)
        }


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """All that was looked up for a plan; from here on nothing is read."""

    manifest: Manifest
    declared: Declared
    facts: Mapping[str, PipelineFacts]
    held: Mapping[str, Holder]
    found: Lookups
    release: Release | None

    def plan(self, problems: Sequence[Problem], refusal: str | None) -> Plan:
        """The plan, with what is wrong in the document and why its opening would refuse it."""
        usually = {
            name: usual(self.facts[name].durations) if name in self.facts else None
            for name in self.manifest.names
        }
        order = {
            each.name: each.depends_on
            for each in self.manifest.pipelines
            if each.name not in self._done
        }
        try:
            expected = schedule(order, usually, max_concurrency=self.manifest.max_concurrency)
        except ValueError:
            expected = None  # a cycle: a problem that the document has already
        planned = tuple(
            PlannedPipeline(
                name=each.name,
                depends_on=each.depends_on,
                declaration=_declaration(self.declared, each.name),
                facts=self.facts.get(each.name, PipelineFacts()),
                sources=tuple(self._planned_sources(each)),
                variables=tuple(each.variables),
                held_by=self._holder(each.name),
                usual=usually[each.name],
                starts_after=expected.pipelines[each.name].start
                if expected and each.name in expected.pipelines
                else None,
                problems=(*_of(problems, position), *self._problems(each, position)),
                warnings=tuple(self._warnings(each)),
            )
            for position, each in enumerate(self.manifest.pipelines)
        )
        others = [_line(each) for each in problems if each.place[:1] != ("pipelines",)]
        return Plan(
            release_id=self.manifest.release_id,
            problems=(
                *others,
                *([refusal] if refusal else []),
                *(problem for each in planned for problem in each.problems),
            ),
            warnings=tuple(self._own_warnings()),
            expected=expected.end if expected else None,
            critical_path=expected.critical_path if expected else (),
            pipelines=planned,
        )

    def _planned_sources(self, pipeline: ManifestPipeline) -> Iterator[PlannedSource]:
        shipped = self.facts.get(pipeline.name, PipelineFacts()).shipped
        for source in _sources(self.declared, pipeline.name):
            pins = _pins(pipeline, source)
            lookup = self.found.get((pipeline.name, source.name))
            yield PlannedSource(
                action=source.name,
                provider=source.provider,
                current=shipped.get(source.name),
                wanted=pins[-1].revision if pins else None,
                type=pins[-1].type if pins else None,
                note=lookup.note if lookup else None,
            )

    def _problems(self, pipeline: ManifestPipeline, position: int) -> Iterator[str]:
        for index, pin in enumerate(pipeline.source_revisions):
            lookup = self.found.get((pipeline.name, pin.action_name))
            if lookup and lookup.exists is False:
                place = ("pipelines", position, "sourceRevisions", index, "revisionValue")
                yield _line(
                    Problem(place, f"{pin.action_name!r} has no revision {pin.revision_value!r}")
                )
        earlier = self._earlier(pipeline.name)
        for each in self.facts.get(pipeline.name, PipelineFacts()).in_flight:
            if earlier and each.execution_id == earlier.execution_id:
                yield (
                    f"{pipeline.name}: execution {each.execution_id} of the attempt before is "
                    f"{each.status}; resume when it has ended"
                )
        holder = self._holder(pipeline.name)
        if holder and self.manifest.on_busy == "refuse":
            yield (
                f"{pipeline.name}: release {holder.release_id} holds it "
                f'({holder.execution_arn}); wait for its end, or add "onBusy": "wait"'
            )

    def _warnings(self, pipeline: ManifestPipeline) -> Iterator[str]:
        facts = self.facts.get(pipeline.name, PipelineFacts())
        declaration = _declaration(self.declared, pipeline.name)
        if pipeline.name in self._done:
            yield "has succeeded in this release and is not run again"
            return
        holder = self._holder(pipeline.name)
        if holder and self.manifest.on_busy == "wait":
            yield f"waits until release {holder.release_id} has ended"
        for each in facts.disabled:
            why = f": {each.reason}" if each.reason else ""
            yield (
                f"stops before stage {each.stage}, whose transition is disabled{why}; aws "
                f"codepipeline enable-stage-transition --pipeline-name {pipeline.name} "
                f"--stage-name {each.stage} --transition-type Inbound"
            )
        if facts.in_flight and declaration and declaration.mode != "PARALLEL":
            ids = ", ".join(each.execution_id for each in facts.in_flight)
            means = "queues behind" if declaration.mode == "QUEUED" else "may supersede or wait for"
            yield f"{means} what is in flight: {ids}"
        for source in _sources(self.declared, pipeline.name):
            lookup = self.found.get((pipeline.name, source.name))
            if lookup and lookup.exists is None:
                yield f"the revision of {source.name} was not checked: {lookup.note}"

    def _own_warnings(self) -> Iterator[str]:
        release = self.release
        if release and self._runs_already:
            yield (
                f"release {release.release_id} has this manifest and is {release.status}: "
                "nothing would run again"
            )

    def _holder(self, pipeline: str) -> Holder | None:
        """Who stands in the way of a pipeline that would run."""
        if self._runs_already or pipeline in self._done:
            return None
        return self.held.get(pipeline)

    def _earlier(self, pipeline: str) -> Pipeline | None:
        """The pipeline as the attempts before left it, when they are resumed."""
        if self.release is None or not self.manifest.resume:
            return None
        return self.release.pipelines.get(pipeline)

    @property
    def _done(self) -> set[str]:
        """What a resume does not run again."""
        done = PipelineStatus.SUCCEEDED
        earlier = {name: self._earlier(name) for name in self.manifest.names}
        return {name for name, each in earlier.items() if each and each.status is done}

    @property
    def _runs_already(self) -> bool:
        """Whether the manifest would be answered with the release that it already is."""
        release = self.release
        return bool(
            release
            and release.manifest_sha256 == self.manifest.sha256
            and runs_already(self.manifest, release)
        )


def _is_own(holder: Holder, release: Release | None) -> bool:
    return bool(release and holder.execution_arn == release.execution_arn)


def _declaration(declared: Declared, name: str) -> Declaration | None:
    found = declared.get(name)
    return found if isinstance(found, Declaration) else None


def _sources(declared: Declared, name: str) -> tuple[SourceAction, ...]:
    declaration = _declaration(declared, name)
    return declaration.sources if declaration else ()


def _pins(pipeline: ManifestPipeline, source: SourceAction) -> list[Pin]:
    return [
        Pin(action=each.action_name, type=each.revision_type, revision=each.revision_value)
        for each in pipeline.source_revisions
        if each.action_name == source.name
    ]


def _of(problems: Sequence[Problem], position: int) -> list[str]:
    return [_line(each) for each in problems if each.place[:2] == ("pipelines", position)]


def _line(problem: Problem) -> str:
    return one_line(str(problem))


def _release_id(document: object) -> str | None:
    found = document.get("releaseId") if isinstance(document, dict) else None
    return str(found) if isinstance(found, str | int) else None
