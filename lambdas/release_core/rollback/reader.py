"""Reads from the ledger and CodePipeline what a rollback is made of; writes nothing.

The functions and the operator's command use the same reader, each with their own credentials.
"""

import hashlib
import re
from dataclasses import dataclass

from release_core.aws.codepipeline import CodePipeline
from release_core.domain.declarations import Declared
from release_core.domain.release import Release
from release_core.ledger.reader import LedgerReader
from release_core.rollback.later_releases import overtaken_by
from release_core.rollback.manifest import (
    Rollback,
    refuse_rollback,
    rollback_ids,
    rollback_manifest,
)


@dataclass(frozen=True, kw_only=True)
class RollbackReader:
    """Reads the release to roll back, later releases, and how the pipelines are declared now."""

    ledger: LedgerReader
    codepipeline: CodePipeline

    def get(
        self,
        release_id: str,
        *,
        rollback_id: str | None = None,
        over_later: bool = False,
        waits: bool = False,
    ) -> Rollback:
        """The rollback of a release in its present state.

        Without ``rollback_id`` the rollback gets the first free id. ``over_later`` and ``waits``
        are as for ``rollback_manifest``. Raises RollbackRefused when the release does not exist,
        still runs, or is a rollback.
        """
        release = refuse_rollback(self.ledger.get_release(release_id), release_id)
        return rollback_manifest(
            release,
            rollback_id=rollback_id or free_id(self.ledger, release_id),
            later=overtaken_by(self.ledger, release),
            declared=self._declared(release),
            over_later=over_later,
            waits=waits,
        )

    def _declared(self, release: Release) -> Declared:
        """The present declarations of the pipelines that can be rolled back."""
        pipelines = release.pipelines.values()
        return self.codepipeline.declarations(
            each.name for each in pipelines if each.ran and each.previous_good
        )


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
