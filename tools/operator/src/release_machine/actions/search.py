"""Finds the releases that a person looks for, for the command list and the dashboard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from release_core.domain.holds import is_covered
from release_core.domain.release import Release
from release_core.ledger.history import Search
from release_machine.actions.pipeline_names import WHICH_THERE_ARE, unknown_names
from release_machine.actions.words import checked_scope
from release_machine.errors import UsageError
from release_machine.release.requested_release import requested_release
from release_machine.release.searching import Filters, has_outcome, is_asked_for_by
from release_machine.text.moments import read_moment

if TYPE_CHECKING:
    from release_machine.deployment.session import Session

# The names of the filters that can be wrong.
PIPELINE, SINCE, UNTIL = "pipeline", "since", "until"


class WrongFilterError(UsageError):
    """A filter with which nothing can be found; ``filter`` is its name."""

    def __init__(self, name: str, problem: str, next_step: str) -> None:
        super().__init__(problem, next_step)
        self.filter = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The releases that were found, newest first, and the names of the pipelines in question.

    ``unknown`` has a problem for each name that no release has run.
    """

    releases: Sequence[Release]
    pipelines: Collection[str]
    unknown: Sequence[str]


def wrong_filters(
    filters: Filters, *, at: datetime, called: Callable[[str], str]
) -> Iterator[WrongFilterError]:
    """What is wrong with filters, as far as that is known without a read.

    ``called`` gives what the person calls a filter, such as its option.
    """
    span: dict[str, datetime] = {}
    for name, text in ((SINCE, filters.since), (UNTIL, filters.until)):
        try:
            if text is not None:
                span[name] = read_moment(called(name), text, at)
        except UsageError as error:
            yield WrongFilterError(name, error.problem, error.next_step)
    if len(span) > 1 and span[UNTIL] < span[SINCE]:
        yield WrongFilterError(
            UNTIL,
            f"{called(UNTIL)} {filters.until} is before {called(SINCE)} {filters.since}.",
            f"Give a later {called(UNTIL)}.",
        )
    for text in filters.pipelines:
        try:
            checked_scope(called(PIPELINE), text)
        except UsageError as error:
            yield WrongFilterError(PIPELINE, error.problem, error.next_step)


def find_releases(
    session: Session,
    filters: Filters,
    limit: int,
    *,
    at: datetime,
    called: Callable[[str], str],
) -> Found:
    """The latest releases that all filters let through, at most so many.

    Raises WrongFilterError for the first filter that is wrong, also for a pattern that matches no
    pipeline.
    """
    for wrong in wrong_filters(filters, at=at, called=called):
        raise wrong
    names = _names(session, filters.pipelines)
    found = session.ledger.search(_search(session, filters, names, at), limit)
    return Found(
        releases=found,
        pipelines=names,
        unknown=_unknown(session, filters.pipelines, found),
    )


def _search(session: Session, filters: Filters, names: Collection[str], at: datetime) -> Search:
    def fits(release: Release) -> bool:
        who, outcomes = filters.requester, filters.outcomes
        return (not outcomes or has_outcome(release, outcomes)) and (
            who is None or is_asked_for_by(release, who)
        )

    whole = Search()
    return Search(
        statuses=filters.statuses,
        since=read_moment(SINCE, filters.since, at) if filters.since else whole.since,
        until=read_moment(UNTIL, filters.until, at) if filters.until else whole.until,
        fits=fits if filters.outcomes or filters.requester else None,
        pipelines=names,
        pipelines_of=lambda pending: _names_in(session, pending),
    )


def _names(session: Session, patterns: Sequence[str]) -> Collection[str]:
    """The names of the known pipelines that match; raises WrongFilterError when there is none."""
    if not any("*" in each for each in patterns):
        return patterns
    known = {each.lock.pipeline for each in session.ledger.uses()} | {*patterns}
    found = {
        name for name in known for each in patterns if "*" not in name if is_covered(name, each)
    }
    if not found:
        raise WrongFilterError(
            PIPELINE,
            f"No release has run a pipeline that matches {' or '.join(patterns)}.",
            WHICH_THERE_ARE,
        )
    return sorted(found)


def _unknown(session: Session, patterns: Sequence[str], found: Sequence[Release]) -> list[str]:
    """A problem for each name that no release has run; names of approvals are not problems."""
    unknown = unknown_names(session, (each for each in patterns if "*" not in each))
    named = {name for each in found for name in _names_in(session, each)} if unknown else set()
    return [problem for name, problem in unknown.items() if name not in named]


def _names_in(session: Session, release: Release) -> Collection[str]:
    """The pipelines and approvals of a release; those of one that waits are in its manifest."""
    if not release.pending:
        return release.pipelines
    return (
        release.waits_for
        or requested_release(
            release.execution_arn, sfn=session.sfn, s3=session.s3, ledger=session.ledger
        ).pipelines
    )
