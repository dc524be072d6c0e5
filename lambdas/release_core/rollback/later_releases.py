"""Finds later releases that have run the pipelines of a release."""

from collections.abc import Iterable
from datetime import datetime

from release_core.domain.release import Pipeline, Release
from release_core.ledger.reader import LedgerReader


def overtaken_by(
    ledger: LedgerReader, release: Release, pipelines: Iterable[str] | None = None
) -> dict[str, str]:
    """The later release that ran each of the pipelines, by pipeline, where there is one.

    By default the pipelines are those that this release has run. For a pipeline that this release
    has not run, a release is later than the opening of this release.
    """
    names = pipelines
    if names is None:
        names = [each.name for each in release.pipelines.values() if each.ran]
    since = {name: _since(release, name) for name in names}
    suspects = [
        (other, name)
        for name, others in ledger.latest_releases([*since]).items()
        for other in others
        if not _is_known(other, release, release.pipelines.get(name))
    ]
    headers = {
        other: ledger.get_header(other) for other in sorted({other for other, _ in suspects})
    }
    return {
        pipeline.name: other
        for other, pipeline in ledger.get_pipelines(suspects)
        if pipeline.ran
        and _not_before(pipeline, since[pipeline.name])
        # Another rollback of this release ships what this one ships.
        and not _rolls_back(headers[other], release)
    }


def _since(release: Release, name: str) -> datetime | None:
    pipeline = release.pipelines.get(name)
    return pipeline.began_at if pipeline and pipeline.ran else release.opened_at


def _not_before(pipeline: Pipeline, since: datetime | None) -> bool:
    # The release that held the pipeline first began first. A missing time counts as later: a user
    # can decide about a release that is named, but not about a release that is left out.
    began = pipeline.began_at
    return began is None or since is None or began >= since


def _is_known(other: str, release: Release, pipeline: Pipeline | None) -> bool:
    """Whether the other release is this release, or the last good release before it."""
    before = pipeline.previous_good if pipeline else None
    return other == release.release_id or bool(before and other == before.release_id)


def _rolls_back(other: Release | None, release: Release) -> bool:
    return other is not None and other.rollback_of == release.release_id
