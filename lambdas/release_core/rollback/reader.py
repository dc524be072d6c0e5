"""Reads from the ledger and CodePipeline what a rollback is made of; writes nothing.

The functions and the operator's command use the same reader, each with their own credentials.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import dropwhile

from botocore.exceptions import ClientError

from release_core.aws.clients import InParallel, one_by_one
from release_core.aws.codepipeline import CodePipeline, is_permanent
from release_core.aws.execution_history import ExecutionHistory
from release_core.domain.declarations import Declaration, Declared, declaration_of
from release_core.domain.past_execution import PastExecution
from release_core.domain.release import Pipeline, Release
from release_core.domain.revisions import Good
from release_core.immutable import Immutable
from release_core.ledger.reader import LedgerReader
from release_core.logs import about, log_of
from release_core.rollback.later_releases import overtaken_by
from release_core.rollback.manifest import Rollback, rollback_ids, rollback_manifest
from release_core.rollback.past import Past, changed_nothing, may_be_unchanged, past_of
from release_core.rollback.refusals import refuse_repaired, refuse_rollback
from release_core.rollback.shipped import ShippedReader

log = log_of(__name__)


class RollbackReader(Immutable):
    """Reads the release to roll back, and what others have run before it and since."""

    ledger: LedgerReader
    codepipeline: CodePipeline
    history: ExecutionHistory
    in_parallel: InParallel = one_by_one

    def get(
        self,
        release_id: str,
        *,
        rollback_id: str | None = None,
        over_later: bool = False,
        over: Collection[str] = (),
        waits: bool = False,
        cause: str | None = None,
    ) -> Rollback:
        """The rollback of a release in its present state.

        Without ``rollback_id`` the rollback gets the first free id. ``over_later`` and ``waits``
        are as for ``rollback_manifest``, and ``cause`` is as for ``refuse_rollback``. ``over`` are
        executions that no release started, and that are rolled back, too. Raises RollbackRefused as
        ``refuse_rollback`` does, and ``refuse_repaired`` for a ``cause``.
        """
        release = refuse_rollback(
            self.ledger.get_release(release_id), release_id, rollback_id=rollback_id, cause=cause
        )
        declared = self._declared(release)
        pasts = self._pasts(release, declared)
        if cause and not release.rolled_back_by:
            refuse_repaired(release, pasts)
        return rollback_manifest(
            self._with_live(release, pasts),
            rollback_id=rollback_id or free_id(self.ledger, release_id),
            later=overtaken_by(self.ledger, release),
            pasts={name: past.over(over) for name, past in pasts.items()},
            declared=declared,
            over_later=over_later,
            waits=waits,
        )

    def announced(self, release: Release) -> Rollback:
        """The automatic rollback of a release that is about to be closed as failed."""
        declared = self._declared(release)
        pasts = self._pasts(release, declared)
        return rollback_manifest(
            self._with_live(release, pasts),
            rollback_id=free_id(self.ledger, release.release_id),
            pasts=pasts,
        )

    def pasts(self, release: Release) -> Mapping[str, Past]:
        """What happened before and after the release to each pipeline that it has run."""
        return self._pasts(release, self._declared(release))

    def foreign_since(self, release: Release, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The executions that no release started, and that ran since, by pipeline."""
        pasts = self._executions_around(release, [n for n in names if n in release.of_codepipeline])
        return {name: past.since for name, past in pasts.items() if past.since}

    @property
    def _shipped(self) -> ShippedReader:
        return ShippedReader(codepipeline=self.codepipeline, lenient=True)

    def _declared(self, release: Release) -> Declared:
        """The present declarations of the pipelines that the release has run."""
        return self.codepipeline.declarations(
            each.name for each in release.pipelines.values() if each.ran
        )

    def _pasts(self, release: Release, declared: Declared) -> Mapping[str, Past]:
        # A pipeline that was deleted, or that this caller may not read, is omitted for that reason.
        known = {
            each.name: declaration
            for each in release.pipelines.values()
            if each.ran and (declaration := declaration_of(declared, each.name))
        }
        around = self._executions_around(release, known)
        shipped = self.in_parallel(
            lambda name: self._without_skipped(release.pipelines[name], around[name]), around
        )
        pasts = dict(zip(around, shipped, strict=True))
        unchanged = self.in_parallel(
            lambda name: self._changed_nothing(release.pipelines[name], known[name], pasts[name]),
            known,
        )
        return {
            name: replace(pasts[name], unchanged=alone)
            for name, alone in zip(known, unchanged, strict=True)
        }

    def _executions_around(self, release: Release, names: Iterable[str]) -> dict[str, Past]:
        pipelines = [release.pipelines[name] for name in names]
        listed = self.in_parallel(self._executions, pipelines)
        claimed = self.ledger.get_executions(
            {each.execution_id: None for found in listed for each in found}
        )
        owners = {name: each.release_id for name, each in claimed.items() if each.release_id}
        return {
            pipeline.name: past_of(release, pipeline, executions, owners=owners)
            for pipeline, executions in zip(pipelines, listed, strict=True)
        }

    def _executions(self, pipeline: Pipeline) -> list[PastExecution]:
        good = pipeline.previous_good
        back_to = good.execution_id if good else None
        return self.history.executions(pipeline.name, back_to=back_to)

    def _without_skipped(self, pipeline: Pipeline, past: Past) -> Past:
        """The past without the newest executions before whose deployment was skipped."""
        before = dropwhile(
            lambda each: self._shipped.was_skipped(pipeline.name, each, pipeline.skippable),
            past.before,
        )
        return replace(past, before=tuple(before))

    def _changed_nothing(self, pipeline: Pipeline, declaration: Declaration, past: Past) -> bool:
        if not may_be_unchanged(pipeline, past):
            return False
        try:
            actions = [
                action
                for each in past.own
                for action in self.history.begun_actions(pipeline.name, each.execution_id)
            ]
        except ClientError as error:
            if not is_permanent(error):
                raise
            # Rather roll back a pipeline that changed nothing than leave one that did.
            with about(pipeline=pipeline.name, execution_id=pipeline.execution_id):
                log.warning("could not list the actions of %s: %s", pipeline.name, error)
            return False
        return changed_nothing(pipeline, past, actions, declaration)

    def _with_live(self, release: Release, pasts: Mapping[str, Past]) -> Release:
        """The release, whose pipelines go back to what was live, shipped by a release or not."""
        live = [
            (release.pipelines[name], past.live)
            for name, past in pasts.items()
            if past.live and not past.unchanged
        ]
        goods = self.in_parallel(lambda each: self._good(*each), live)
        return replace(
            release,
            pipelines={
                **release.pipelines,
                **{
                    pipeline.name: replace(pipeline, previous_good=good)
                    for (pipeline, _), good in zip(live, goods, strict=True)
                },
            },
        )

    def _good(self, pipeline: Pipeline, live: PastExecution) -> Good:
        """What an execution that no release started has shipped."""
        # A rollback by CodePipeline has no source actions: it ships what another one fetched.
        shipped_by = live.rollback_to or live.execution_id
        shipped = self._shipped.good(pipeline.name, shipped_by, at=live.updated_at)
        return replace(shipped, execution_id=live.execution_id)


def free_id(ledger: LedgerReader, release_id: str) -> str:
    """The first free id for a rollback of the release."""
    ids = rollback_ids(release_id)
    return next(each for each in ids if ledger.get_header(each) is None)


def rollback_name(release_id: str, execution_arn: str) -> str:
    """The name of the workflow execution that rolls back a release after this execution.

    Each attempt of a release can have a rollback; the name makes sure that it is started once.
    """
    attempt = hashlib.sha256(execution_arn.encode()).hexdigest()[:12]
    # CloudWatch Logs allows no other characters, and Step Functions at most 80 characters.
    readable = re.sub(r"[^A-Za-z0-9_-]", "-", release_id)[:55]
    return f"rollback-of-{readable}-{attempt}"
