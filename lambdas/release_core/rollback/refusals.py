"""When a release is not rolled back: it cannot be, or its rollback is outdated; pure."""

from collections.abc import Iterable, Mapping, Sequence

from release_core.domain.release import Release, ReleaseStatus
from release_core.domain.remedies import unusable_pins
from release_core.errors import RollbackRefused
from release_core.problems import MAX_REPORTED
from release_core.rollback.past import Past, is_repaired


def refuse_rollback(
    release: Release | None,
    release_id: str,
    *,
    rollback_id: str | None = None,
    pipelines: Iterable[str] = (),
    cause: str | None = None,
) -> Release:
    """The release, read with all its pipelines, if a rollback of these pipelines is allowed.

    ``cause`` is the workflow execution whose failure started the automatic rollback with the id
    ``rollback_id``. Raises RollbackRefused when the release does not exist, still runs, is a
    rollback, does not have one of the pipelines, or was resumed or rolled back after the failure.
    """
    if release is None:
        raise RollbackRefused(
            f"there is no release {release_id} to roll back; find its id with release-machine list"
        )
    if cause:
        _refuse_outdated(release, rollback_id, cause)
    if release.status is ReleaseStatus.RUNNING:
        raise RollbackRefused(
            f"release {release_id} still runs, as {release.execution_arn}. Cancel it or wait until "
            "it has ended, then roll it back"
        )
    if release.rollback_of:
        retry = "" if unusable_pins(release) else f"If {release_id} did not succeed, retry it. "
        raise RollbackRefused(
            f"release {release_id} is the rollback of {release.rollback_of}, and a rollback cannot "
            f"be rolled back. {retry}To ship {release.rollback_of} again, submit its manifest with "
            "a new releaseId, and with the revisions of its bill of materials as sourceRevisions"
        )
    strangers = [name for name in pipelines if name not in release.of_codepipeline]
    if strangers:
        raise RollbackRefused(
            f"release {release_id} does not have these pipelines: {listed(strangers)}. Remove "
            "them, or remove rollbackOf: a rollback has only pipelines of the release it rolls back"
        )
    return release


def refuse_repaired(release: Release, pasts: Mapping[str, Past]) -> None:
    """Raise RollbackRefused when the failed pipelines of the release have succeeded since."""
    if is_repaired(release, pasts):
        raise RollbackRefused(
            f"what failed in release {release.release_id} has succeeded since, after a retry in "
            "CodePipeline, so its automatic rollback does not run. To roll it back anyway: "
            f"release-machine rollback {release.release_id}"
        )


def listed(names: Sequence[str]) -> str:
    """The names in one line, at most MAX_REPORTED of them."""
    more = f" and {len(names) - MAX_REPORTED} more" if len(names) > MAX_REPORTED else ""
    return ", ".join(names[:MAX_REPORTED]) + more


def _refuse_outdated(release: Release, rollback_id: str | None, cause: str) -> None:
    """Refuse an automatic rollback that belongs to an earlier attempt, or that came too late."""
    if release.execution_arn != cause:
        raise RollbackRefused(
            f"release {release.release_id} was resumed as attempt {release.attempt} after the "
            "failure that this rollback belongs to, so it does not run. To roll the release back "
            f"as it is now: release-machine rollback {release.release_id}"
        )
    # After a crash, a retry finds that this rollback itself has been opened.
    if release.rolled_back_by not in {None, rollback_id}:
        raise RollbackRefused(
            f"release {release.release_id} was rolled back by release {release.rolled_back_by} "
            f"since; see it with release-machine show {release.rolled_back_by}"
        )
