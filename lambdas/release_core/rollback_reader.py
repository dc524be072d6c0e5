"""What is on record of a release that is to be rolled back; used by open_release and by people.

The operator's command calls ``RollbackReader(...).read(release_id)`` with a Ledger and a
CodePipeline made of the caller's credentials; nothing here writes. The answer's ``manifest`` is
what it releases, and ``str()`` of the answer is what it tells.
"""

from dataclasses import dataclass

from release_core.codepipeline import CodePipeline
from release_core.declarations import Declared
from release_core.ledger import Ledger
from release_core.model import Release
from release_core.overtaking import overtaken_by
from release_core.rolling_back import Rollback, refuse_rollback, rollback_ids, rollback_manifest


@dataclass(frozen=True, kw_only=True)
class RollbackReader:
    """Reads what a rollback is made of: the release, and what came after it."""

    ledger: Ledger
    codepipeline: CodePipeline

    def read(
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
        release = refuse_rollback(self.ledger.read_release(release_id), release_id)
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


def free_id(ledger: Ledger, release_id: str) -> str:
    """The first id for a rollback of the release that no release has."""
    ids = rollback_ids(release_id)
    return next(each for each in ids if ledger.headers.read(each) is None)
