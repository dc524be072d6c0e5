"""Freezes pipelines, lifts freezes, overrides them for a release, and wakes what they held."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from change_freeze.reading import read_freeze, read_reason
from release_core.api import ApiRequest, answer, route_of
from release_core.aws.clients import InParallel
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock, to_iso
from release_core.decide.timing import START_PACE, seconds_until
from release_core.domain.holds import (
    Freeze,
    HoldKind,
    Override,
    is_covered,
    longest_freeze,
    overlap,
)
from release_core.domain.release import Pipeline, PipelineStatus
from release_core.errors import FreezesFull, FrozenForLonger, LedgerBusy, RequestRefused
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.logs import also_about, log_of
from release_core.manifest.limits import MAX_ID, MAX_NAME
from release_core.manifest.nearest import NearestName
from release_core.problems import is_storable

log = log_of(__name__)


class ChangeFreeze(Immutable):
    """Changes what is frozen, for the person who signed a request. It starts nothing itself.

    A task that is woken looks at its release, and starts its pipeline if nothing holds it.
    """

    ledger: Ledger
    step_functions: StepFunctions
    clock: Clock
    in_parallel: InParallel

    def respond(self, event: object) -> dict[str, Any]:
        """Answer the request in an event of API Gateway."""
        match route_of(event):
            case "POST /freezes":
                return answer(event, ("scope", "until", "reason"), self.freeze)
            case "DELETE /freezes/{scope}":
                return answer(event, (), self.lift)
            case "POST /overrides/{releaseId}":
                return answer(event, ("reason",), self.override)
        raise LookupError("the event is of no route of this function")

    def freeze(self, request: ApiRequest) -> Mapping[str, object]:
        """Freeze what the scope covers.

        Returns the freeze that it replaces, the number of known pipelines that it covers, and the
        starts that were under way already. Raises RequestRefused.
        """
        freeze = read_freeze(request, self.clock())
        try:
            replaced = self.ledger.freezes.put(freeze)
        except (FreezesFull, FrozenForLonger, LedgerBusy) as error:
            raise _refused(error) from error
        # Race: a starter has read the freezes before this one. Its claim came before that, so the
        # read here shows it. A starter that claims later reads this freeze.
        runs = self.ledger.runs()
        nodes = self.ledger.nodes_in_releases(freeze.covers, runs=runs)
        under_way = [each for each in nodes if each[1].status is PipelineStatus.STARTING]
        log.info("%s is frozen by %s, %d starts under way", freeze.scope, freeze.by, len(under_way))
        return {
            **_described(freeze),
            "replaces": _described(replaced) if replaced else None,
            **_covered(freeze, runs),
            "underWay": [
                {"releaseId": release_id, "pipeline": node.name}
                for release_id, node in sorted(under_way, key=lambda each: (each[0], each[1].name))
            ],
        }

    def lift(self, request: ApiRequest) -> Mapping[str, object]:
        """Lift the freeze of a scope, and wake what it held; a repeat wakes what is left.

        Returns the freezes that overlap with it and are still in force. Raises RequestRefused.
        """
        scope = request.path.get("scope", "")
        try:
            lifted = self.ledger.freezes.lift(scope, by=request.caller)
        except LedgerBusy as error:
            raise _refused(error) from error
        # Race: a pipeline is recorded as held now. Its function reads the freezes after that.
        nodes = self.ledger.nodes_in_releases(lambda name: is_covered(name, scope))
        woken = self._wake(nodes, self._frozen_for_less())
        if not (lifted or woken):
            raise self._not_frozen(scope)
        log.info("the freeze of %s is lifted by %s", scope, request.caller)
        overlapping = [each for each in self._in_force() if overlap(each.scope, scope)]
        return {"scope": scope, "held": woken, "stillFrozenBy": list(map(_described, overlapping))}

    def override(self, request: ApiRequest) -> Mapping[str, object]:
        """Let a release start its pipelines in spite of freezes and calendars, and wake them.

        The first override of an attempt counts; a repeat wakes what is left. Raises RequestRefused.
        """
        release_id, reason = request.path.get("releaseId", ""), read_reason(request)
        release = None
        if is_storable(release_id, MAX_ID):
            override = Override(reason=reason, by=request.caller, at=self.clock())
            release = self.ledger.headers.override(release_id, override)
        if release is None:
            raise RequestRefused(
                404,
                f"there is no open release {release_id[:MAX_ID]!r}. A release that waits to be "
                "opened can be overridden once it is opened: release-machine list shows it",
            )
        if release.closed or release.override is None:
            raise RequestRefused(
                409,
                f"release {release_id} is {release.status}, so nothing of it is held. See what "
                f"can be done now: release-machine show {release_id}",
            )
        nodes = self.ledger.nodes_in_releases(lambda _: True, release_id=release_id)
        self._wake(nodes, lambda node: node.held is not None and node.held.kind != HoldKind.TURN)
        also_about(execution_arn=release.execution_arn)
        log.info("overridden by %s", release.override.by)
        return {
            "releaseId": release_id,
            "reason": release.override.reason,
            "by": release.override.by,
        }

    def calendar_opened(self) -> None:
        """Wake what change calendars hold: one of them is open, which the tasks check."""
        nodes = self.ledger.nodes_in_releases(lambda _: True)
        woken = self._wake(
            nodes, lambda node: node.held is not None and node.held.kind is HoldKind.CALENDAR
        )
        log.info("a change calendar is open, %d tasks were woken", woken)

    def _not_frozen(self, scope: str) -> RequestRefused:
        present = [each.scope for each in self._in_force()]
        others = f"; frozen are: {', '.join(present)}" if present else ", and nothing else is"
        suggestion = NearestName(present).suggest(scope)
        return RequestRefused(404, f"{scope[:MAX_NAME]!r} is not frozen{suggestion or others}")

    def _in_force(self) -> list[Freeze]:
        now = self.clock()
        return [each for each in self.ledger.get_freezes() if now < each.until]

    def _frozen_for_less(self) -> Callable[[Pipeline], bool]:
        """Whether a pipeline that a freeze holds is frozen for less time now, or not at all."""
        freezes, now = self.ledger.get_freezes(), self.clock()

        def is_so(node: Pipeline) -> bool:
            if node.held is None or node.held.kind is not HoldKind.FREEZE:
                return False
            freeze = longest_freeze(freezes, node.name, now)
            return freeze is None or freeze.until < node.held.until

        return is_so

    def _wake(
        self, nodes: Iterable[tuple[str, Pipeline]], is_due: Callable[[Pipeline], bool]
    ) -> int:
        """Let the tasks of held pipelines look now; returns how many.

        A pipeline gets its turn when its task looks. Usually that is the time for which the task
        waits here, so it does not have to be sent back for another one.
        """
        tokens = [node.task_token for _, node in nodes if node.task_token and is_due(node)]
        now = self.clock()

        def wake(at: int) -> None:
            seconds = seconds_until(now + START_PACE * at, now=now)
            # A token that is no longer valid needs nothing: its task is on its way here.
            self.step_functions.look_again(tokens[at], seconds)

        self.in_parallel(wake, range(len(tokens)))
        return len(tokens)


def _covered(freeze: Freeze, known: Collection[str]) -> Mapping[str, object]:
    """The number of known pipelines that a freeze covers; with none, a warning."""
    covered = sum(map(freeze.covers, known))
    if covered:
        return {"pipelines": covered}
    warning = (
        f"{freeze.scope} matches no pipeline that has been in a release so far"
        f"{NearestName(known).suggest(freeze.scope)}"
    )
    return {"pipelines": 0, "message": warning}


def _described(freeze: Freeze) -> Mapping[str, object]:
    return {
        "scope": freeze.scope,
        "until": to_iso(freeze.until),
        "reason": freeze.reason,
        "by": freeze.by,
    }


def _refused(error: FreezesFull | FrozenForLonger | LedgerBusy) -> RequestRefused:
    return RequestRefused(503 if isinstance(error, LedgerBusy) else 409, str(error))
