"""Locks the pipelines of a release: all or none, in the order in which the releases came."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from release_core.apply.orphans import Orphans
from release_core.apply.unlock import leave_queues, unlock, wake_next
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock
from release_core.domain.queue import Lock, Place, Rival, describe_rival
from release_core.domain.release import LockHolder
from release_core.errors import LedgerBusy, OpeningElsewhere, PipelinesBusy
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.ledger.opening_items import Opening
from release_core.problems import MAX_REPORTED

# Tries to take a lock while other releases change its queue.
_TRIES = 10


class Reservations(Immutable):
    """Takes and frees the locks of a release that is being opened."""

    ledger: Ledger
    step_functions: StepFunctions
    orphans: Orphans
    clock: Clock

    def take(self, pipelines: Sequence[str], opening: Opening) -> Literal["HELD", "BUSY"] | None:
        """Lock all the pipelines, or none when the release has to wait; then say for what.

        HELD: for the time of its ``notBefore``. BUSY: for a release that comes first, if the
        manifest says ``onBusy: wait``; the release then has its place in the queues of all its
        pipelines. Otherwise raises PipelinesBusy with the releases that come first. Raises
        OpeningElsewhere when another execution is opening the same release: a retry finds out which
        execution has opened it.
        """
        if opening.is_held(self.clock()):
            self._hold(pipelines, opening)
            return "HELD"
        mine = opening.place
        locks = self.ledger.get_locks(pipelines)
        held = [name for name, lock in locks.items() if _is_held_by(lock, mine)]
        has_ended = self._has_ended()
        rivals = {name: self._rival(lock, opening, has_ended) for name, lock in locks.items()}
        busy = {name: rival for name, rival in rivals.items() if rival}
        # All releases lock in the same order: of two that open at once, one succeeds.
        for name in () if busy else sorted(pipelines):
            rival = self._take(locks[name], opening, has_ended)
            if rival:
                busy = {name: rival}
                break
            held.append(name)
        if not busy:
            return None
        if opening.manifest.on_busy == "wait":
            absent = [name for name, lock in locks.items() if mine not in lock.queue]
            # The places come first: otherwise a later release would find the pipelines free.
            self.ledger.locks.enqueue(absent, opening)
        self.give_back(held, opening.execution_arn)
        _refuse(busy, opening)
        return "BUSY"

    def _hold(self, pipelines: Sequence[str], opening: Opening) -> None:
        """Record that the release is held, with its places in the queues if it keeps them."""
        if not opening.manifest.hold_locks:
            self.ledger.locks.hold(opening)
            return
        # The places come first: of two releases that do this at once, the later sees the earlier.
        self.ledger.locks.enqueue(pipelines, opening)
        has_ended = self._has_ended()
        locks = self.ledger.get_locks(pipelines)
        rivals = {name: self._rival(lock, opening, has_ended) for name, lock in locks.items()}
        _refuse({name: rival for name, rival in rivals.items() if rival}, opening)

    def give_back(self, pipelines: Sequence[str], execution_arn: str) -> None:
        """Free the pipelines that this execution holds, and wake the releases that are next."""
        for pipeline in pipelines:
            unlock(self.ledger, self.step_functions, pipeline, execution_arn)

    def leave(self, execution_arn: str) -> None:
        """Remove the places of a release that is opened or rejected, and wake who is next."""
        leave_queues(self.ledger, self.step_functions, execution_arn)

    def wait(self, execution_arn: str, task_token: str) -> Mapping[str, Rival]:
        """Settle the token when it is this release's turn, or now if it is.

        Returns the releases that come first, by pipeline.
        """
        waiter = self.ledger.locks.register_waiter(execution_arn, task_token)
        locks = self.ledger.get_locks(sorted(waiter.pipelines)) if waiter else {}
        first = {
            name: next(lock.ahead(waiter.place), None) if waiter else None
            for name, lock in locks.items()
        }
        rivals = {name: rival for name, rival in first.items() if rival}
        if not rivals:
            self.step_functions.wake(task_token)
        return rivals

    def _has_ended(self) -> "_HasEnded":
        """A function that looks up each workflow execution once; one may hold many pipelines."""
        known: dict[str, bool] = {}

        def has_ended(rival: Rival) -> bool:
            arn = rival.execution_arn
            if arn not in known:
                known[arn] = self.orphans.close_if_ended(arn, rival.since)
            return known[arn]

        return has_ended

    def _take(self, lock: Lock, opening: Opening, has_ended: "_HasEnded") -> Rival | None:
        for _ in range(_TRIES):
            rival = self._rival(lock, opening, has_ended)
            if rival:
                return rival
            changed = self.ledger.locks.take(lock, opening.place)
            if changed is None:
                return None
            lock = changed
        raise LedgerBusy(f"the queue of pipeline {lock.pipeline} keeps changing")

    def _rival(self, lock: Lock, opening: Opening, has_ended: "_HasEnded") -> Rival | None:
        """The first living release that holds the lock or came earlier, if there is one.

        Removes the places of dead ones. The release behind a dead one may not know that it is next.
        """
        is_dead = False
        for rival in lock.ahead(opening.place, overtakes=opening.overtakes):
            if not has_ended(rival):
                if is_dead and isinstance(rival, Place):
                    wake_next(self.ledger, self.step_functions, [rival])
                return rival
            is_dead = True
            if isinstance(rival, Place):
                self.ledger.locks.remove_place(lock.pipeline, rival)
        return None


type _HasEnded = Callable[[Rival], bool]


def _is_held_by(lock: Lock, mine: Place) -> bool:
    return bool(lock.holder and lock.holder.execution_arn == mine.execution_arn)


def _refuse(busy: Mapping[str, Rival], opening: Opening) -> None:
    """Raise the error for a release that cannot wait for these, or whose id is being opened."""
    release_id = opening.manifest.release_id
    for rival in busy.values():
        if isinstance(rival, LockHolder) and rival.release_id == release_id:
            raise OpeningElsewhere(
                f"{rival.execution_arn} is opening release {release_id} at this instant"
            )
    if not busy or opening.manifest.on_busy == "wait":
        return
    lines = [f"- {describe_rival(name, rival)}" for name, rival in busy.items()]
    raise PipelinesBusy(
        "Other releases hold pipelines of this release, or came first and wait for them. Wait "
        'until they have ended, or add "onBusy": "wait":\n' + "\n".join(lines[:MAX_REPORTED])
    )
