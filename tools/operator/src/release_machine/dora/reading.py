"""Reads what the metrics are made of: the ledger, and what only CodePipeline and S3 know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.aws.clients import InParallel
from release_core.aws.codepipeline import CodePipeline
from release_core.aws.execution_history import ExecutionHistory
from release_core.domain.declarations import (
    OBJECT_KEY,
    Declaration,
    declaration_of,
    revision_types,
)
from release_core.domain.effects import HARMLESS, changing, is_passive
from release_core.domain.past_execution import BegunAction
from release_core.domain.release import Release, ReleaseStatus
from release_core.domain.revisions import Revision
from release_core.ledger.history import HistoryReader, Search
from release_machine.dora.deployments import CommitSource, CommitTime, Deployment, Outcome, Window
from release_machine.dora.figures import Dora, figures
from release_machine.dora.runs import Run, runs_of
from release_machine.dora.unseen import is_unseen

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# A release runs in a window if it was opened so long before it, or later.
OPENED_BEFORE = timedelta(days=30)
_MOST = 100_000  # releases in a window
# The list of an execution's actions may be so late.
_LATE = timedelta(hours=1)
_S3_VERSION = revision_types("S3")[0]
_Object = tuple[str, str, str]  # bucket, key and version


class DoraReader:
    """Reads the metrics of a deployment with the credentials of the user.

    CodePipeline is asked how far an execution came that did not succeed, and S3 when an object was
    stored. Neither changes any more, so each is asked once.
    """

    def __init__(
        self,
        *,
        ledger: HistoryReader,
        codepipeline: CodePipeline,
        history: ExecutionHistory,
        s3: "S3Client",
        in_parallel: InParallel,
    ) -> None:
        self._ledger = ledger
        self._codepipeline = codepipeline
        self._history = history
        self._s3 = s3
        self._in_parallel = in_parallel
        self._begun: dict[str, Sequence[BegunAction] | None] = {}
        self._stored: dict[_Object, datetime | None] = {}

    def read(self, window: Window, *, pipelines: Sequence[str] = (), at: datetime) -> Dora:
        """The metrics of the window, as of ``at``; of these pipelines, or of all."""
        # An earlier run says nothing about those in the window.
        runs = [run for run in self._runs(window, pipelines, at) if run.ended_at >= window.since]
        self._read_begun([run for run in runs if not run.succeeded])
        self._read_stored(run for run in runs if run.shipped)
        declared = self._declared(runs)
        found = figures([self._deployment(run, declared) for run in runs], window)
        for run in runs:
            if at - run.ended_at < _LATE:
                self._begun.pop(run.execution_id, None)
        return found

    def _runs(self, window: Window, pipelines: Sequence[str], at: datetime) -> Iterator[Run]:
        since = window.since - OPENED_BEFORE
        wanted = Search(since=since, fits=_was_opened, pipelines=pipelines)
        releases = self._ledger.search(wanted, _MOST)

        def runs_in(found: Release) -> list[Run]:
            # With some pipelines wanted, the release already has these.
            whole = found if pipelines else self._ledger.get_release(found.release_id)
            return list(runs_of(whole, at=at)) if whole else []  # it may have expired meanwhile

        for runs in self._in_parallel(runs_in, releases):
            yield from runs

    def _deployment(self, run: Run, declared: Mapping[str, Declaration | None]) -> Deployment:
        return Deployment(
            pipeline=run.pipeline,
            release_id=run.release_id,
            ended_at=run.ended_at,
            outcome=self._outcome(run, declared.get(run.pipeline)),
            kind=run.kind,
            rolls_back=run.rolls_back,
            commit=self._commit(run.changed) if run.shipped else None,
            is_change=bool(run.changed) or not run.revisions_known,
        )

    def _outcome(self, run: Run, declaration: Declaration | None) -> Outcome:
        if run.succeeded:
            return Outcome.LIVE if run.shipped else Outcome.HARMLESS
        begun = self._begun.get(run.execution_id)
        if not begun:
            return Outcome.UNKNOWN
        categories = {each.category for each in begun}
        if is_passive(categories):
            return Outcome.HARMLESS
        if not categories <= HARMLESS:
            return Outcome.FAILED
        # A build may deploy, if nothing else of the pipeline does.
        if declaration is None:
            return Outcome.UNKNOWN
        is_harmless = categories.isdisjoint(changing(declaration.categories))
        return Outcome.HARMLESS if is_harmless else Outcome.FAILED

    def _declared(self, runs: Iterable[Run]) -> dict[str, Declaration | None]:
        """The declarations of pipelines with a run of which only builds are known."""
        names = {
            run.pipeline
            for run in runs
            if not run.succeeded and _is_build(self._begun.get(run.execution_id))
        }
        declared = self._codepipeline.declarations(sorted(names))
        return {name: declaration_of(declared, name) for name in names}

    def _commit(self, changed: Sequence[Revision]) -> CommitTime | None:
        """The time of the oldest of the new revisions, as far as it is known."""
        times = [
            CommitTime(at=each.committed_at, source=CommitSource.COMMIT)
            for each in changed
            if each.committed_at
        ]
        for each in changed:
            stored = self._stored.get(place) if (place := _object_of(each)) else None
            if stored:
                times.append(CommitTime(at=stored, source=CommitSource.S3))
        return min(times, key=lambda each: each.at, default=None)

    def _read_begun(self, runs: Iterable[Run]) -> None:
        wanted = {
            run.execution_id: run.pipeline for run in runs if run.execution_id not in self._begun
        }
        found = self._in_parallel(lambda each: self._begun_by(*each), wanted.items())
        self._begun |= dict(zip(wanted, found, strict=True))

    def _begun_by(self, execution_id: str, pipeline: str) -> Sequence[BegunAction] | None:
        try:
            return self._history.begun_actions(pipeline, execution_id)
        except ClientError as error:
            if not is_unseen(error):
                raise
            return None  # the pipeline is gone, or the user may not read it

    def _read_stored(self, runs: Iterable[Run]) -> None:
        places = (_object_of(each) for run in runs for each in run.changed)
        wanted = list(dict.fromkeys(each for each in places if each and each not in self._stored))
        found = self._in_parallel(self._stored_at, wanted)
        self._stored |= dict(zip(wanted, found, strict=True))

    def _stored_at(self, place: _Object) -> datetime | None:
        bucket, key, version = place
        try:
            return self._s3.head_object(Bucket=bucket, Key=key, VersionId=version)["LastModified"]
        except ClientError as error:
            if not is_unseen(error):
                raise
            return None  # the version is gone, or the user may not read it


def _was_opened(header: Release) -> bool:
    return not header.pending and header.status is not ReleaseStatus.REJECTED


def _is_build(begun: Sequence[BegunAction] | None) -> bool:
    categories = {each.category for each in begun or ()}
    return categories <= HARMLESS and not is_passive(categories)


def _object_of(revision: Revision) -> _Object | None:
    """The object version that a revision without a commit is, if its place is on record."""
    origin = revision.origin or {}
    if revision.committed_at or revision.type != _S3_VERSION or not revision.revision:
        return None
    if not origin.get("S3Bucket") or not origin.get(OBJECT_KEY):
        return None
    return origin["S3Bucket"], origin[OBJECT_KEY], revision.revision
