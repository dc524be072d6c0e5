"""What is on record of a release and its pipelines, with the name of each pipeline."""

from collections.abc import Iterator

from release_core.domain.history import AuditEntry, PastAttempt
from release_core.domain.release import Release


def entries(release: Release) -> Iterator[tuple[str, AuditEntry]]:
    """The audit of the release, whose name is empty, and of each pipeline."""
    yield from (("", entry) for entry in release.audit)
    for pipeline in release.pipelines.values():
        yield from ((pipeline.name, entry) for entry in pipeline.audit)


def past_attempts(release: Release) -> list[tuple[str, PastAttempt]]:
    """The earlier attempts of the release, whose name is empty, and of each pipeline, by number."""
    past = [("", each) for each in release.attempts]
    for pipeline in release.pipelines.values():
        past += [(pipeline.name, each) for each in pipeline.attempts]
    return sorted(past, key=lambda pair: pair[1].number)


def resumer(release: Release) -> str | None:
    """Who requested the present attempt, if that is on record."""
    return next((each.who for each in reversed(release.audit) if each.what == "resumed"), None)
