"""Makes a plan from facts that were read before: pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from release_core.aws.source_lookup import Lookup, newest_of
from release_core.clock import to_iso
from release_core.decide.resume import may_begin, runs_already, succeeded
from release_core.decide.timing import STARTS_PER_MINUTE
from release_core.domain.declarations import Declared, SourceAction, declaration_of
from release_core.domain.holds import Freeze, longest_freeze
from release_core.domain.live import LivePipelines
from release_core.domain.order import behind, depths, without
from release_core.domain.queue import Rival, describe_rival
from release_core.domain.release import ROLLBACK_CHANNEL, Pipeline, Release
from release_core.domain.remedies import unusable_pins
from release_core.domain.revisions import Pin, foreign
from release_core.errors import ManifestInvalid, PipelinesBusy, Rejection, ReleaseNotResumable
from release_core.immutable import Immutable
from release_core.manifest.checks import unproved
from release_core.manifest.model import Manifest, ManifestPipeline
from release_core.plan.by_itself import by_itself
from release_core.plan.changes import (
    Before,
    PlannedSource,
    dangers,
    may_ship_again,
    may_still_change,
    planned_source,
)
from release_core.plan.document import Plan, PlannedApproval, PlannedPipeline, Standing
from release_core.plan.schedule import schedule, usual
from release_core.plan.survey import PipelineFacts
from release_core.problems import Problem, one_line
from release_core.rollback.past import Past

Lookups: TypeAlias = Mapping[tuple[str, str], Lookup]  # by pipeline and source action


class Assessment(Immutable):
    """The facts that a plan is made from; ``channel`` is the door, if it is known.

    ``other_values`` says of pipelines whether what is live has other values of their variables.
    """

    manifest: Manifest
    declared: Declared
    facts: Mapping[str, PipelineFacts]
    live: LivePipelines
    held: Mapping[str, Rival]
    found: Lookups
    release: Release | None
    later: Mapping[str, str]
    pasts: Mapping[str, Past]
    freezes: Sequence[Freeze]
    now: datetime
    other_values: Mapping[str, bool]
    closed: str | None = None
    channel: str | None = None

    def plan(self, problems: Sequence[Problem], refusal: Rejection | None) -> Plan:
        """The plan, with the problems of the document and the reason of a refused opening."""
        usually = {
            name: usual(self.facts[name].durations) if name in self.facts else None
            for name in self.manifest.names
        }
        # How long people take is not known, so the estimate does not include it.
        order = without({*self._asked, *self._done}, self.manifest.nodes)
        try:
            expected = schedule(order, usually, max_concurrency=self.manifest.max_concurrency)
        except ValueError:
            expected = None  # a cycle, which is one of the problems already
        entries = self.manifest.pipelines
        sources = {each.name: tuple(self._planned_sources(each)) for each in entries}
        planned = tuple(
            PlannedPipeline(
                name=each.name,
                depends_on=each.depends_on,
                declaration=declaration_of(self.declared, each.name),
                facts=self.facts.get(each.name, PipelineFacts()),
                before=self._before(each.name),
                other_values=self._other_values(each),
                runs=self._runs(each.name),
                sources=sources[each.name],
                variables=tuple(each.variables),
                held_by=self._holder(each.name),
                usual=usually[each.name],
                starts_after=expected.pipelines[each.name].start
                if expected and each.name in expected.pipelines
                else None,
                problems=(*_of(problems, position), *self._problems(each, position)),
                warnings=tuple(self._warnings(each, sources[each.name])),
                dangers=tuple(dangers(sources[each.name])) if self._runs(each.name) else (),
            )
            for position, each in enumerate(self.manifest.pipelines)
        )
        others = [line_of(each) for each in problems if not _is_of_one(each)]
        return Plan(
            release_id=self.manifest.release_id,
            title=self._called.title,
            notes=self._called.notes,
            kind=self._called.kind,
            problems=(
                *others,
                *([str(refusal)] if refusal else []),
                *(problem for each in planned for problem in each.problems),
            ),
            warnings=tuple(self._own_warnings()),
            expected=expected.end if expected else None,
            critical_path=expected.critical_path if expected else (),
            pipelines=planned,
            approvals=tuple(self._planned_approvals()),
            already_released=self._standing,
            held_until=self._held_until,
            refused_as=self._refused_as(problems, refusal),
        )

    def _refused_as(
        self, problems: Sequence[Problem], refusal: Rejection | None
    ) -> type[Rejection]:
        """The error that the opening would raise; it makes its checks in this order."""
        if problems:
            return ManifestInvalid
        if refusal:
            return type(refusal)
        if any(line for name in self.manifest.names for line in self._of_attempt_before(name)):
            return ReleaseNotResumable
        held = any(self._holder(name) for name in self.manifest.names)
        if held and self._refuses_busy:
            return PipelinesBusy
        # The release would open, and then fail for a revision that does not exist.
        return ManifestInvalid

    def _planned_approvals(self) -> Iterator[PlannedApproval]:
        """The approvals, each after those that come before it."""
        depth = self._depths
        for each in sorted(self.manifest.approvals, key=lambda one: depth.get(one.name, 0)):
            waiting = behind(each.name, self.manifest.nodes)
            yield PlannedApproval(
                asks=each,
                behind=tuple(name for name in waiting if name not in self._asked),
                granted=each.name in self._done,
            )

    def _planned_sources(self, pipeline: ManifestPipeline) -> Iterator[PlannedSource]:
        for source in sources_of(self.declared, pipeline):
            yield planned_source(
                source,
                pins_of(pipeline, source),
                found=self.found.get((pipeline.name, source.name)),
                before=self._before(pipeline.name),
            )

    def _before(self, pipeline: str) -> Before:
        """What is live in a pipeline."""
        return Before(live=self.live.live.get(pipeline), unknown=self.live.unread.get(pipeline))

    def _other_values(self, pipeline: ManifestPipeline) -> bool | None:
        """Whether it would run with other values of its variables than are live, if known."""
        if not variables_of(self.declared, pipeline):
            return False
        return self.other_values.get(pipeline.name)

    def _runs(self, pipeline: str) -> bool:
        return not self._runs_already and pipeline not in self._done

    def _problems(self, pipeline: ManifestPipeline, position: int) -> Iterator[str]:
        if not self._runs(pipeline.name):
            return
        for index, pin in enumerate(pipeline.source_revisions):
            lookup = self.found.get((pipeline.name, pin.action_name))
            if lookup and lookup.exists is False:
                place = ("pipelines", position, "sourceRevisions", index, "revisionValue")
                yield line_of(
                    Problem(
                        place,
                        f"source action {pin.action_name!r} has no revision {pin.revision_value!r}",
                    )
                )
        yield from self._of_attempt_before(pipeline.name)
        holder = self._holder(pipeline.name)
        if holder and self._refuses_busy:
            yield (
                f"{describe_rival(pipeline.name, holder)}; wait until it has ended, or add "
                '"onBusy": "wait"'
            )

    def _of_attempt_before(self, pipeline: str) -> Iterator[str]:
        """What has not ended in the previous attempt, so that it cannot be resumed yet."""
        earlier = self._earlier(pipeline)
        if earlier and may_begin(earlier, self.now):
            yield (
                f"{pipeline}: a start or retry of the previous attempt may still take place; "
                "resume in a few minutes"
            )
        for each in self.facts.get(pipeline, PipelineFacts()).in_flight:
            if earlier and each.execution_id == earlier.execution_id:
                yield (
                    f"{pipeline}: execution {each.execution_id} of the previous attempt is "
                    f"{each.status}; resume when it has ended"
                )

    @property
    def _is_rollback(self) -> bool:
        """Whether freezes do not hold it, because the ledger made its manifest."""
        channel = self.release.channel if self.release else self.channel
        return channel == ROLLBACK_CHANNEL

    def _warnings(
        self, pipeline: ManifestPipeline, planned: Sequence[PlannedSource]
    ) -> Iterator[str]:
        facts = self.facts.get(pipeline.name, PipelineFacts())
        declaration = declaration_of(self.declared, pipeline.name)
        if pipeline.name in self._done:
            yield "has succeeded in this release and does not run again"
        if not self._runs(pipeline.name):
            return
        yield from self._waits(pipeline.name)
        freeze = longest_freeze(self.freezes, pipeline.name, self.now)
        if freeze and not self._is_rollback:
            until = to_iso(freeze.until)
            yield f"is frozen until {until} by {freeze.by}, and starts then: {freeze.reason}"
        later = self.later.get(pipeline.name)
        if later and self.release:
            yield f"overwrites the changes of release {later}, which has run this pipeline since"
        elif later:
            yield f"also rolls back release {later}, which has run this pipeline since"
        yield from self._foreign(pipeline.name)
        for each in facts.disabled:
            why = f": {each.reason}" if each.reason else ""
            yield (
                f"stops before stage {each.stage}, whose transition is disabled{why}; enable it: "
                f"aws codepipeline enable-stage-transition --pipeline-name {pipeline.name} "
                f"--stage-name {each.stage} --transition-type Inbound"
            )
        if facts.in_flight and declaration and declaration.mode != "PARALLEL":
            ids = ", ".join(each.execution_id for each in facts.in_flight)
            means = "queues behind" if declaration.mode == "QUEUED" else "may supersede or wait for"
            yield f"{means} running executions: {ids}"
        yield from self._not_found(pipeline)
        live, other_values = self.live.live.get(pipeline.name), self._other_values(pipeline)
        yield from may_ship_again(planned, live)
        yield from may_still_change(planned, live, other_values=other_values)
        if declaration:
            sources = declaration.sources_with(pipeline.variables)
            yield from by_itself(declaration, sources, released=self.manifest.names)

    def _not_found(self, pipeline: ManifestPipeline) -> Iterator[str]:
        """The pins that could not be checked, and the sources that have nothing to ship."""
        for source in sources_of(self.declared, pipeline):
            lookup, pinned = self.found.get((pipeline.name, source.name)), pins_of(pipeline, source)
            if lookup and lookup.exists is None and pinned:
                yield f"the revision of {source.name} was not checked: {lookup.note}"
            elif lookup and lookup.exists is False and not pinned:
                yield f"{source.name} would fail: {source.provider} has no {newest_of(source)}"

    def _waits(self, pipeline: str) -> Iterator[str]:
        """The release that this one waits for, or that may be in its way when its time comes."""
        holder = self._holder(pipeline)
        if holder and self.manifest.on_busy == "wait":
            yield f"waits until release {holder.release_id} has ended"
        elif holder and not self._refuses_busy:
            yield (
                f"is rejected if release {holder.release_id} has not ended by then; add "
                '"onBusy": "wait"'
            )

    def _foreign(self, pipeline: str) -> Iterator[str]:
        """The executions outside any release that a rollback restores, or rolls back, too."""
        past = self.pasts.get(pipeline, Past())
        if past.live:
            yield f"goes back to {foreign(past.live.execution_id)}"
        for execution_id in past.since:
            yield f"also rolls back {foreign(execution_id)}"

    def _own_warnings(self) -> Iterator[str]:
        given, called = self.manifest, self._called
        says = [each for each in ("title", "notes", "kind") if each in given.model_fields_set]
        if ignored := [each for each in says if getattr(given, each) != getattr(called, each)]:
            yield (
                f"not used of this manifest: {', '.join(ignored)}; release {given.release_id} "
                "keeps what its first manifest said"
            )
        standing = self._standing
        if standing:
            back = f", rolled back by {standing.rolled_back_by}" if standing.rolled_back_by else ""
            yield (
                f"release {self.manifest.release_id} has this manifest and is {standing.status}"
                f"{back}: nothing runs again"
            )
            return
        if self.closed:
            yield self.closed
        yield from self._asks()
        at_once = self._most_at_once()
        if at_once > STARTS_PER_MINUTE:
            yield (
                f"{at_once} pipelines start at about the same time, and CodePipeline was seen to "
                f"accept about {STARTS_PER_MINUTE} starts a minute: their starts alone may take "
                f"{-(-at_once // STARTS_PER_MINUTE)} minutes. maxConcurrency limits how many start "
                "at once"
            )

    def _asks(self) -> Iterator[str]:
        """What is to be known about the approvals that people are asked for."""
        asked = [each for each in self.manifest.approvals if each.name not in self._done]
        if asked:
            names = ", ".join(each.name for each in asked)
            yield f"waits for people to approve: {names}. The estimates do not include this time"
        if self.channel is None and unproved(self.manifest, "", granted=self._done):
            names = ", ".join(each.name for each in asked if each.four_eyes)
            yield (
                f"these approvals need four eyes: {names}. Only the API proves who asks for a "
                "release, so release-machine submit uses it for this manifest; the other doors "
                "reject it"
            )

    def _most_at_once(self) -> int:
        """The most pipelines that are behind the same number of others, within the limit."""
        depth = self._depths
        remaining = [each for each in self.manifest.names if each not in self._done]
        widest = max(Counter(depth.get(each) for each in remaining).values(), default=0)
        return min(widest, self.manifest.max_concurrency or widest) if depth else 0

    @property
    def _depths(self) -> Mapping[str, int]:
        """How deep each node is that would run; empty for a cycle, which is a problem already."""
        try:
            return depths(each for each in self.manifest.nodes if each.name not in self._done)
        except ValueError:
            return {}

    @property
    def _asked(self) -> frozenset[str]:
        return frozenset(each.name for each in self.manifest.approvals)

    def _holder(self, pipeline: str) -> Rival | None:
        """The release that holds, or waits for, a pipeline which would run, or None."""
        if self._runs_already or pipeline in self._done:
            return None
        return self.held.get(pipeline)

    def _earlier(self, pipeline: str) -> Pipeline | None:
        """The pipeline after the previous attempt, when the release is resumed."""
        if self.release is None or not self.manifest.resume:
            return None
        return self.release.pipelines.get(pipeline)

    @property
    def _done(self) -> frozenset[str]:
        """The pipelines and approvals that a resume does not run again."""
        return succeeded(self.release) if self.manifest.resume else frozenset()

    @property
    def _held_until(self) -> datetime | None:
        """The time before which the release would not start, if it is still to come."""
        start = self.manifest.not_before
        return start if start and start > self.now and not self._runs_already else None

    @property
    def _refuses_busy(self) -> bool:
        """Whether the opening refuses pipelines that are busy now; a held one locks them later."""
        locks_now = self.manifest.hold_locks or not self._held_until
        return locks_now and self.manifest.on_busy == "refuse"

    @property
    def _standing(self) -> Standing | None:
        """The status of the release that was opened earlier with this manifest."""
        release = self.release
        if release is None or not self._runs_already:
            return None
        return Standing(
            status=release.status.value,
            rolled_back_by=release.rolled_back_by,
            needs_new_manifest=release.closed and bool(unusable_pins(release)),
        )

    @property
    def _runs_already(self) -> bool:
        """Whether the manifest is that of an existing release, so that nothing would run."""
        return self._same is not None and runs_already(self.manifest, self._same)

    @property
    def _called(self) -> Manifest:
        """The manifest with the title, notes and kind that count."""
        return self.manifest.as_on_record(self._same) if self._same else self.manifest

    @cached_property
    def _same(self) -> Release | None:
        """The existing release with this manifest."""
        release = self.release
        same = release and release.manifest_sha256 == self.manifest.sha256
        return release if same else None


def sources_of(declared: Declared, pipeline: ManifestPipeline) -> tuple[SourceAction, ...]:
    """The source actions of a pipeline as it declares them, so without values of variables."""
    declaration = declaration_of(declared, pipeline.name)
    return declaration.sources if declaration else ()


def variables_of(declared: Declared, pipeline: ManifestPipeline) -> dict[str, str]:
    """All variables of a pipeline, with the values with which the manifest would start it."""
    declaration = declaration_of(declared, pipeline.name)
    defaults = declaration.variables if declaration else {}
    known = {name: value for name, value in defaults.items() if value is not None}
    return {**known, **pipeline.variables}


def pins_of(pipeline: ManifestPipeline, source: SourceAction) -> list[Pin]:
    return [each for each in pipeline.pins if each.action == source.name]


def _is_of_one(problem: Problem) -> bool:
    """Whether a problem belongs to one pipeline, not to the manifest or several pipelines."""
    return problem.place[:1] == ("pipelines",) and len(problem.place) > 1


def _of(problems: Sequence[Problem], position: int) -> list[str]:
    return [line_of(each) for each in problems if each.place[:2] == ("pipelines", position)]


def line_of(problem: Problem) -> str:
    return one_line(str(problem))
