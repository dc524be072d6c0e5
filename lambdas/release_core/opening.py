"""Opening a release: read its manifest, check it, take its pipelines, claim its id."""

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from release_core.checking import check_manifest, is_dry_run, named_pipelines
from release_core.clock import Clock
from release_core.codepipeline import CodePipeline
from release_core.document import MAX_BYTES, read_json
from release_core.doors import (
    Brought,
    DroppedObject,
    RetryRequest,
    RollbackRequest,
    Submission,
    recognise,
    requester_in,
)
from release_core.errors import (
    ExecutionEnded,
    LedgerBusy,
    ManifestUnreadable,
    Rejection,
    ReleaseNotResumable,
    RollbackRefused,
)
from release_core.manifest import Manifest
from release_core.opening_ledger import Opening, OpeningLedger
from release_core.planning import Planner
from release_core.problems import report
from release_core.reservations import Reservations
from release_core.resuming import Resuming, refuse_unknown
from release_core.rollback_reader import RollbackReader
from release_core.rolling_back import Rollback, checked_manifest, refuse_rollback
from release_core.waits import seconds_to_wait

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef
    from types_boto3_stepfunctions import SFNClient

log = logging.getLogger(__name__)

# What S3 answers, beside server errors, for an object that may be readable when asked again.
_MAY_PASS = {"RequestTimeout", "RequestTimeTooSkewed", "ExpiredToken", "ThrottlingException"}


@dataclass(frozen=True, kw_only=True)
class OpenRelease:
    """Opens the release that a workflow execution brings."""

    step_functions: "SFNClient"
    s3: "S3Client"
    codepipeline: CodePipeline
    ledger: OpeningLedger
    reservations: Reservations
    resuming: Resuming
    planner: Planner
    rollbacks: RollbackReader
    clock: Clock
    look_after_seconds: int

    def __call__(self, execution_arn: str) -> dict[str, Any]:
        """Open the release and answer what the workflow needs to run it.

        The answer has ``outcome`` (OPENED, ALREADY_RELEASED, BUSY or PLANNED), ``release_id``,
        ``pipelines`` that are to run, ``wait_seconds``, ``look_after_seconds``, ``released_by``
        (the execution that runs or ran the release) and the ``plan`` of a dry run. Raises a
        Rejection when the manifest never becomes a release; that is recorded, unless it is a dry
        run's.
        """
        brought: Brought | None = None
        try:
            brought = recognise(self._input(execution_arn))
            brought, document = self._with_document(brought)
            if not is_dry_run(document):
                return self._release(_opening(self._check(document), brought, execution_arn))
        except Rejection as rejection:
            error = type(rejection).__name__
            self.ledger.reject(
                execution_arn,
                f"{error}: {rejection}",
                channel=brought.channel if brought else None,
                requester=brought.requester if brought else None,
            )
            if isinstance(brought, RollbackRequest):
                # Whoever looks at the failed release must not believe that it is rolled back.
                headers = self.rollbacks.ledger.headers
                headers.note_refusal(brought.of, brought.release_id, str(rejection))
            log.warning(
                "rejected: %s", rejection, extra={"execution_arn": execution_arn, "error": error}
            )
            raise
        return self._plan(document, execution_arn)

    def _release(self, opening: Opening) -> dict[str, Any]:
        outcome, released_by, pipelines = self._open_or_give_back(opening)
        manifest = opening.manifest
        log.info(
            "%s by %s",
            outcome.lower().replace("_", " "),
            released_by,
            extra={"release_id": manifest.release_id, "execution_arn": opening.execution_arn},
        )
        return {
            "outcome": outcome,
            "release_id": manifest.release_id,
            "pipelines": pipelines,
            "wait_seconds": self._wait_seconds(manifest),
            "look_after_seconds": self.look_after_seconds,
            "released_by": released_by,
            "plan": None,
        }

    def _plan(self, document: object, execution_arn: str) -> dict[str, Any]:
        plan = self.planner(document)
        if not plan.valid:
            raise plan.refused_as(report("The plan", plan.problems))
        log.info("planned", extra={"release_id": plan.release_id, "execution_arn": execution_arn})
        return {
            "outcome": "PLANNED",
            "release_id": plan.release_id,
            "pipelines": [],
            "wait_seconds": self.look_after_seconds,
            "look_after_seconds": self.look_after_seconds,
            "released_by": execution_arn,
            "plan": plan.as_output(),
        }

    def wait(self, execution_arn: str, task_token: str) -> None:
        """Have the task woken when a pipeline that its release needs becomes free."""
        _, document = self._with_document(recognise(self._input(execution_arn)))
        manifest = self._check(document)
        self.reservations.wait(manifest.names, task_token, execution_arn=execution_arn)

    def _open_or_give_back(self, opening: Opening) -> tuple[str, str, list[str]]:
        try:
            return self._open(opening)
        except (ExecutionEnded, RollbackRefused):
            # The close of a stopped execution frees only the pipelines that it finds on record.
            self.reservations.give_back(opening.manifest.names, opening.execution_arn)
            raise

    def _open(self, opening: Opening) -> tuple[str, str, list[str]]:
        """The outcome, the execution that runs or ran the release, and the pipelines to run."""
        manifest = opening.manifest
        holder = self.ledger.read(manifest.release_id)
        if holder is not None and holder.execution_arn != opening.execution_arn:
            return self.resuming(opening, holder)
        if holder is None:
            refuse_unknown(manifest)
            manifest.refuse_past(self.clock())
            opening = self._with_rolled_back(opening)
            if not self.reservations.take(manifest.names, opening):
                return "BUSY", opening.execution_arn, []
            opening = self._refuse_stale(opening)
            rival = self.ledger.claim(opening)
            if rival is not None:
                self.reservations.give_back(manifest.names, opening.execution_arn)
                return self.resuming(opening, rival)
        elif holder.attempt > 1:
            return self.resuming.go_on(opening, holder)  # our own retry
        elif holder.manifest_sha256 != manifest.sha256:
            raise RollbackRefused(
                f"what {manifest.release_id} rolls back has changed since its id was claimed; "
                "roll back by hand"
            )
        previous = self.reservations.holders.last_good(manifest.names)
        self.ledger.put_pipelines(opening, previous)
        return "OPENED", opening.execution_arn, list(manifest.names)

    def _input(self, execution_arn: str) -> str:
        # The text itself: the parsed input of a task has lost the spelling of its numbers.
        return self.step_functions.describe_execution(executionArn=execution_arn)["input"]

    def _check(self, document: object) -> Manifest:
        declared = self.codepipeline.declarations(named_pipelines(document))
        return check_manifest(document, declared=declared)

    def _wait_seconds(self, manifest: Manifest) -> int:
        # As long as the longest limit: a task with a shorter one asks for its own wait, and most
        # have the same one or none.
        limits = [each.timeout_minutes for each in manifest.pipelines]
        waits = [max(limit * 60 for limit in limits if limit)] if all(limits) else []
        if manifest.deadline:
            waits.append(int((manifest.deadline - self.clock()).total_seconds()))
        return seconds_to_wait(self.look_after_seconds, *waits)

    def _with_rolled_back(self, opening: Opening) -> Opening:
        rolled_back, names = opening.manifest.rollback_of, opening.manifest.names
        if rolled_back is None:
            return opening
        found = self.rollbacks.ledger.read_release(rolled_back)
        found = refuse_rollback(found, rolled_back, pipelines=names)
        return replace(opening, rolls_back=found)

    def _refuse_stale(self, opening: Opening) -> Opening:
        # Another release may have run these pipelines while this one did not hold them yet.
        if opening.channel == "rollback":
            rollback = self._roll_back(
                opening.manifest.rollback_of or "", opening.manifest.release_id
            )
            now = Manifest.model_validate(checked_manifest(rollback))
            if now.sha256 != opening.manifest.sha256:
                self.reservations.give_back(opening.manifest.names, opening.execution_arn)
                raise LedgerBusy(f"what {now.release_id} rolls back has changed at this instant")
            return replace(opening, omissions=tuple(rollback.omissions))
        return opening

    def _roll_back(self, release_id: str, rollback_id: str) -> Rollback:
        return self.rollbacks.read(release_id, rollback_id=rollback_id, waits=True)

    def _with_document(self, brought: Brought) -> tuple[Brought, object]:
        """What was brought, with the person that its object may name, and its document."""
        if isinstance(brought, DroppedObject):
            content, person = self._read_object(brought)
            named = replace(brought, requester=person or brought.requester)
            return named, read_json(content, place=brought.source)
        return brought, self._document(brought)

    def _document(self, brought: Submission | RollbackRequest | RetryRequest) -> object:
        if isinstance(brought, Submission):
            return brought.document
        if isinstance(brought, RollbackRequest):
            return checked_manifest(self._roll_back(brought.of, brought.release_id))
        return self._given_again(brought)

    def _given_again(self, retry: RetryRequest) -> dict[str, Any]:
        recorded = self.ledger.manifest(retry.of)
        if recorded is None:
            raise ReleaseNotResumable(
                f"the ledger has no manifest of a release {retry.of}; check its id in the list of "
                "releases, or submit its manifest if it was never wholly opened"
            )
        return {**recorded, "resume": True, **retry.changes}

    def _read_object(self, dropped: DroppedObject) -> tuple[bytes, str | None]:
        wanted: GetObjectRequestTypeDef = {"Bucket": dropped.bucket, "Key": dropped.key}
        if dropped.version_id:
            wanted["VersionId"] = dropped.version_id
        try:
            answer = self.s3.get_object(**wanted)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status >= 500 or code in _MAY_PASS:
                raise
            raise ManifestUnreadable(f"{dropped.source} cannot be read: {code}") from error
        with answer["Body"] as body:
            if answer["ContentLength"] > MAX_BYTES:
                raise ManifestUnreadable(
                    f"{dropped.source} has {answer['ContentLength']:,} bytes; "
                    f"a manifest has at most {MAX_BYTES:,}"
                )
            return body.read(), requester_in(answer.get("Metadata", {}))


def _opening(manifest: Manifest, brought: Brought, execution_arn: str) -> Opening:
    return Opening(
        manifest=manifest,
        execution_arn=execution_arn,
        channel=brought.channel,
        requester=brought.requester,
        source=brought.source,
    )
