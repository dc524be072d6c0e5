"""Locks the pipelines of a release: all or none, and never those of a release that still runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from release_core.apply.orphans import Orphans
from release_core.apply.unlock import unlock
from release_core.aws.step_functions import StepFunctions
from release_core.domain.release import LockHolder
from release_core.errors import OpeningElsewhere, PipelinesBusy
from release_core.ledger.ledger import Ledger
from release_core.ledger.opening_items import Opening
from release_core.problems import MAX_REPORTED


@dataclass(frozen=True, kw_only=True)
class Reservations:
    """Takes and frees the locks of a release that is being opened."""

    ledger: Ledger
    step_functions: StepFunctions
    orphans: Orphans

    def take(self, pipelines: Sequence[str], opening: Opening) -> bool:
        """Lock all the pipelines, or none when another release holds one of them.

        In that case returns False if the manifest says ``onBusy: wait``, otherwise raises
        PipelinesBusy with the holders. Raises OpeningElsewhere when another execution is opening
        the same release: a retry finds out which execution has opened it.
        """
        mine = LockHolder(
            release_id=opening.manifest.release_id, execution_arn=opening.execution_arn
        )
        has_ended = cache(self.orphans.close_if_ended)
        found = self.ledger.lock_holders(pipelines)
        busy = {
            pipeline: holder
            for pipeline, holder in found.items()
            if holder != mine and not has_ended(holder.execution_arn, holder.since)
        }
        if busy:
            self.give_back([name for name in found if name not in busy], opening.execution_arn)
        # All releases lock in the same order: of two that open at once, one succeeds.
        for pipeline in () if busy else sorted(pipelines):
            holder = self.ledger.locks.take(pipeline, mine)
            if holder and has_ended(holder.execution_arn, holder.since):
                holder = self.ledger.locks.take(pipeline, mine, ended=holder)
            if holder:
                self.give_back(pipelines, opening.execution_arn)
                busy = {pipeline: holder}
                break
        if not busy:
            return True
        twin = next((each for each in busy.values() if each.release_id == mine.release_id), None)
        if twin:
            raise OpeningElsewhere(
                f"{twin.execution_arn} is opening release {twin.release_id} at this instant"
            )
        if opening.manifest.on_busy == "wait":
            return False
        lines = [
            f"- {name}: release {busy[name].release_id} ({busy[name].execution_arn})"
            for name in pipelines
            if name in busy
        ]
        raise PipelinesBusy(
            "Other releases hold pipelines of this release. Wait until they have ended, or add "
            '"onBusy": "wait":\n' + "\n".join(lines[:MAX_REPORTED])
        )

    def give_back(self, pipelines: Sequence[str], execution_arn: str) -> None:
        """Free the pipelines that this execution holds, and wake the releases that wait."""
        for pipeline in pipelines:
            unlock(self.ledger, self.step_functions, pipeline, execution_arn)

    def wait(self, pipelines: Sequence[str], task_token: str, *, execution_arn: str) -> None:
        """Settle the token when the first of the pipelines becomes free, or now if one is free."""
        held = [
            pipeline
            for pipeline in pipelines
            if self.ledger.locks.add_waiter(pipeline, task_token, execution_arn=execution_arn)
        ]
        if not held:
            self.step_functions.wake(task_token)
