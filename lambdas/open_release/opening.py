"""Opens a release: reads and checks the manifest, locks the pipelines, claims the release id."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from open_release.announcing import Announcing, requested_id
from open_release.declaring import Declaring
from open_release.intake import Intake
from open_release.reporting import Reporter
from open_release.reservations import Reservations
from open_release.resuming import Opened, Resuming
from release_core.apply.measuring import measure_opening
from release_core.aws.result_files import ResultFiles
from release_core.clock import Clock
from release_core.decide.resume import refuse_unknown, succeeded
from release_core.decide.timing import seconds_to_hold, seconds_to_wait, seconds_until
from release_core.domain.declarations import Declared
from release_core.domain.release import ROLLBACK_CHANNEL, Release
from release_core.errors import (
    ExecutionEnded,
    LedgerBusy,
    RejectedBefore,
    Rejection,
    RollbackRefused,
    rejection_of,
)
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.ledger.opening_items import Opening
from release_core.logs import also_about, invocation, log_of
from release_core.manifest.checks import (
    check_manifest,
    is_dry_run,
    is_resume,
    named_pipelines,
    refuse_unproved,
    release_id_of,
)
from release_core.manifest.model import Manifest
from release_core.manifest.requests import DroppedObject, Request, RollbackRequest
from release_core.metrics import RELEASES_REJECTED, Metrics
from release_core.plan.planner import Planner
from release_core.problems import lines_of, one_line, report
from release_core.rollback.manifest import checked_manifest
from release_core.rollback.reader import RollbackReader
from release_core.rollback.refusals import refuse_rollback
from release_core.rollback.title import title_of_rollback

log = log_of(__name__)


class OpenRelease(Immutable):
    """Opens the release that a workflow execution was started for."""

    intake: Intake
    declaring: Declaring
    ledger: Ledger
    reservations: Reservations
    resuming: Resuming
    announcing: Announcing
    planner: Planner
    rollbacks: RollbackReader
    results: ResultFiles
    clock: Clock
    metrics: Metrics
    look_after_seconds: int

    def __call__(self, execution_arn: str) -> dict[str, Any]:
        """Open the release and return what the workflow needs to run it.

        The answer has ``outcome`` (OPENED, ALREADY_RELEASED, HELD, BUSY or PLANNED),
        ``release_id``, ``pipelines`` to run, the ``attempt``, ``wait_seconds``,
        ``look_after_seconds``, ``released_by`` (the execution that runs or ran the release) and the
        ``plan`` of a dry run.
        Raises a Rejection when the manifest is rejected, and records it unless it is a dry run.
        """
        with invocation(Rejection, execution_arn=execution_arn):
            return self._open_or_reject(execution_arn)

    def _open_or_reject(self, execution_arn: str) -> dict[str, Any]:
        try:
            request, came_at = self.intake.request(execution_arn)
        except Rejection as rejection:
            raise self._rejected(rejection, None, None, execution_arn) from rejection
        reporter = Reporter.of(
            request,
            execution_arn=execution_arn,
            started_at=came_at,
            files=self.results,
            clock=self.clock,
        )
        try:
            return self._answer_to(request, came_at, execution_arn, reporter)
        except Rejection as rejection:
            reporter.rejected(rejection)
            raise

    def _answer_to(
        self, request: Request, came_at: datetime, execution_arn: str, reporter: Reporter
    ) -> dict[str, Any]:
        document: object = None
        try:
            twin = self._twin(request, execution_arn)
            if twin:
                return self._existing(twin, execution_arn)
            request, document = self.intake.document(request)
            also_about(release_id=_one_line(release_id_of(document)))
            if not is_dry_run(document):
                declared = self.declaring(execution_arn, named_pipelines(document))
                if declared is None:
                    return self._pause(execution_arn, document)
                manifest = self._check(document, declared)
                opening = _opening(manifest, request, execution_arn, came_at)
                return self._release(replace(opening, declared=declared), reporter)
        except Rejection as rejection:
            raise self._rejected(rejection, request, document, execution_arn) from rejection
        return self._plan(document, request.channel, execution_arn, reporter)

    def _pause(self, execution_arn: str, document: object) -> dict[str, Any]:
        """Come back soon for the other declarations, which uses none of the task's tries."""
        log.info("AWS throttles GetPipeline")
        held = self._answer(Opened("HELD", execution_arn, []), release_id_of(document))
        return {**held, "wait_seconds": 1}

    def _twin(self, request: Request, execution_arn: str) -> Release | None:
        """The release that another execution opened for the same rollback, if there is one."""
        if not isinstance(request, RollbackRequest):
            return None
        found = self.ledger.get_header(request.release_id)
        if found and found.rollback_of == request.of and found.execution_arn != execution_arn:
            return found
        return None

    def _rejected(
        self, rejection: Rejection, request: Request | None, document: object, execution_arn: str
    ) -> Rejection:
        """Record and announce a rejection; returns it, or the one of an earlier try."""
        error = type(rejection).__name__
        # Before the announcement: after this write no try opens what people are told is rejected.
        is_first = self.ledger.openings.reject(
            execution_arn,
            f"{error}: {rejection}",
            channel=request.channel if request else None,
            requester=request.requester if request else None,
            source=request.source if request else None,
            requested_id=_one_line(requested_id(request, document)),
            dropped=request.manifest if isinstance(request, DroppedObject) else None,
        )
        if is_first:
            self.metrics.put({RELEASES_REJECTED: 1}, by=error)
        before = None if is_first else self.ledger.get_header(execution_arn)
        if before:
            rejection = rejection_of(before.why or "")
            error = type(rejection).__name__
        is_told = before is not None and before.announced
        if not is_told and self.announcing.rejection(
            rejection, request, document, execution_arn=execution_arn
        ):
            self.ledger.openings.note_rejection(execution_arn)
        if isinstance(request, RollbackRequest):
            # Otherwise the failed release would look as if it were rolled back.
            self.ledger.headers.note_refusal(request.of, request.release_id, str(rejection))
        log.warning("rejected: %s", rejection, extra={"error": error})
        self.reservations.leave(execution_arn)
        return rejection

    def _release(self, opening: Opening, reporter: Reporter) -> dict[str, Any]:
        opened = self._open_or_give_back(opening)
        if opened.outcome not in {"BUSY", "HELD"}:
            self.reservations.leave(opening.execution_arn)
        if opened.outcome == "OPENED":
            self.announcing.start(opening.manifest.release_id)
        elif opened.outcome == "HELD":
            self.announcing.hold(opening.execution_arn)
        manifest = opening.manifest
        log.info("%s by %s", opened.outcome.lower().replace("_", " "), opened.released_by)
        reporter.opened(opened, manifest)
        return {
            **self._answer(opened, manifest.release_id),
            "wait_seconds": self._wait_seconds(manifest, opened.outcome),
        }

    def _existing(self, twin: Release, execution_arn: str) -> dict[str, Any]:
        self.reservations.leave(execution_arn)
        self.resuming.orphans.close_if_orphaned(twin)
        return self._answer(Opened("ALREADY_RELEASED", twin.execution_arn), twin.release_id)

    def _plan(
        self, document: object, channel: str, execution_arn: str, reporter: Reporter
    ) -> dict[str, Any]:
        plan = self.planner(document, channel=channel)
        if not plan.valid:
            raise plan.refused_as(report("The plan", plan.problems), lines_of(plan.problems))
        log.info("planned")
        answer = self._answer(Opened("PLANNED", execution_arn), plan.release_id)
        output = plan.as_output()
        reporter.planned(plan.release_id, output)
        return {**answer, "plan": output}

    def _answer(self, opened: Opened, release_id: str | None) -> dict[str, Any]:
        return {
            "outcome": opened.outcome,
            "release_id": release_id,
            "pipelines": list(opened.pipelines),
            "attempt": opened.attempt,
            "released_by": opened.released_by,
            "wait_seconds": self.look_after_seconds,
            "look_after_seconds": self.look_after_seconds,
            "plan": None,
        }

    def wait(self, execution_arn: str, task_token: str) -> None:
        """Settle the task token when it is the turn of the release that waits."""
        with invocation(execution_arn=execution_arn):
            rivals = self.reservations.wait(execution_arn, task_token)
            if rivals:
                self.announcing.hold(execution_arn, rivals)

    def _open_or_give_back(self, opening: Opening) -> Opened:
        try:
            return self._open(opening)
        except (ExecutionEnded, RejectedBefore, RollbackRefused) as error:
            # close_release frees only pipelines on record, and these are not on record yet.
            self.reservations.give_back(opening.manifest.names, opening.execution_arn)
            if isinstance(error, RejectedBefore):
                raise Rejection(str(error)) from error  # the one on record is the answer
            raise

    def _open(self, opening: Opening) -> Opened:
        manifest = opening.manifest
        holder = self.ledger.get_header(manifest.release_id)
        if holder is not None and holder.execution_arn != opening.execution_arn:
            return self.resuming(opening, holder)
        if holder is None:
            refuse_unknown(manifest)
            manifest.refuse_untimely(self.clock(), came_at=opening.came_at)
            refuse_unproved(manifest, opening.channel)
            opening = self._with_rolled_back(opening)
            waits = self.reservations.take(manifest.names, opening)
            if waits:
                return Opened(waits, opening.execution_arn, [])
            opening = self._refuse_stale(opening)
            rival = self.ledger.openings.claim(opening)
            if rival is not None:
                self.reservations.give_back(manifest.names, opening.execution_arn)
                return self.resuming(opening, rival)
            measure_opening(self.metrics, came_at=opening.came_at, now=self.clock())
        elif holder.attempt > 1:
            return self.resuming.go_on(opening, holder)  # a retry of this invocation
        elif holder.manifest_sha256 != manifest.sha256:
            raise RollbackRefused(
                f"the manifest of rollback {manifest.release_id} has changed since its id was "
                f"claimed; run release-machine rollback {manifest.rollback_of}"
            )
        previous = self.ledger.last_good(manifest.names)
        self.ledger.openings.put_pipelines(opening, previous)
        return Opened("OPENED", opening.execution_arn, [each.name for each in manifest.nodes])

    def _check(self, document: object, declared: Declared) -> Manifest:
        resumed = release_id_of(document) if is_resume(document) else None
        release = self.ledger.get_release(resumed) if resumed else None
        return check_manifest(document, declared=declared, succeeded=succeeded(release))

    def _wait_seconds(self, manifest: Manifest, outcome: str) -> int:
        if outcome == "HELD" and manifest.not_before:
            return seconds_to_hold(manifest.not_before, now=self.clock())
        waits: list[float] = []
        # The longest limit: a task with a shorter one asks for its own wait, and most have the same
        # one or none. A pipeline that waits for its turn has no limit yet, so only the deadline
        # counts while the pipelines are busy, or run one after the other. Approvals have their own.
        limits = [each.timeout_minutes for each in manifest.pipelines]
        in_turn = manifest.max_concurrency or any(each.depends_on for each in manifest.nodes)
        if all(limits) and not (outcome == "BUSY" or in_turn or manifest.approvals):
            waits.append(max(limit * 60 for limit in limits if limit))
        if manifest.deadline:
            waits.append(seconds_until(manifest.deadline, now=self.clock()))
        return seconds_to_wait(self.look_after_seconds, *waits)

    def _with_rolled_back(self, opening: Opening) -> Opening:
        rolled_back, names = opening.manifest.rollback_of, opening.manifest.names
        if rolled_back is None:
            return opening
        found = self.ledger.get_release(rolled_back)
        found = refuse_rollback(
            found,
            rolled_back,
            rollback_id=opening.manifest.release_id,
            pipelines=names,
            cause=opening.cause,
        )
        return replace(opening, rolls_back=found, derived_title=title_of_rollback(found))

    def _refuse_stale(self, opening: Opening) -> Opening:
        # Others may have run these pipelines before this release held them.
        if opening.channel == ROLLBACK_CHANNEL:
            rollback = self.rollbacks.get(
                opening.manifest.rollback_of or "",
                rollback_id=opening.manifest.release_id,
                over=opening.over,
                waits=True,
                cause=opening.cause,
            )
            now = Manifest.model_validate(checked_manifest(rollback))
            if now.sha256 != opening.manifest.sha256:
                self.reservations.give_back(opening.manifest.names, opening.execution_arn)
                raise LedgerBusy(f"the manifest of rollback {now.release_id} has just changed")
            return replace(opening, omissions=tuple(rollback.omissions), restores=rollback.restores)
        return opening


def _one_line(release_id: str | None) -> str | None:
    """The release id in a document that is not checked yet, for the log and for people."""
    return one_line(release_id) if release_id else None


def _opening(
    manifest: Manifest, request: Request, execution_arn: str, came_at: datetime
) -> Opening:
    rollback = request if isinstance(request, RollbackRequest) else None
    return Opening(
        manifest=manifest,
        execution_arn=execution_arn,
        came_at=came_at,
        channel=request.channel,
        requester=request.requester,
        source=request.source,
        cause=rollback.cause if rollback else None,
        over=rollback.over if rollback else (),
        dropped=request.manifest if isinstance(request, DroppedObject) else None,
    )
