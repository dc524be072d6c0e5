"""What is on record of a release that is to be rolled back; used by open_release and by people.

The operator's command calls ``RollbackReader(...).get(release_id)`` with a Ledger and a
CodePipeline made of the caller's credentials; nothing here writes. The answer's ``manifest`` is
what it releases, and ``str()`` of the answer is what it tells.
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
    """Reads what a rollback is made of: the release, and what came after it."""

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
        """The rollback of a release as it stands now, under the first id that is free if not given.

        ``over_later`` and ``waits`` are as for ``rollback_manifest``. Raises RollbackRefused when
        there is no such release, when it still runs, or when it is a rollback itself.
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
        """What the pipelines that have something to go back to declare now."""
        pipelines = release.pipelines.values()
        return self.codepipeline.declarations(
            each.name for each in pipelines if each.ran and each.previous_good
        )


def free_id(ledger: LedgerReader, release_id: str) -> str:
    """The first id for a rollback of the release that no release has."""
    ids = rollback_ids(release_id)
    return next(each for each in ids if ledger.get_header(each) is None)


def rollback_name(release_id: str, execution_arn: str) -> str:
    """The name of the execution that rolls back a release that ended with this execution.

    Each attempt may end in a rollback of its own; the same one is started once.
    """
    attempt = hashlib.sha256(execution_arn.encode()).hexdigest()[:12]
    # CloudWatch Logs takes no other characters, and Step Functions 80 of them.
    readable = re.sub(r"[^A-Za-z0-9_-]", "-", release_id)[:55]
    return f"rollback-of-{readable}-{attempt}"
