"""Reads the history: the releases that the filters of a page let through."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from release_machine.actions.pipeline_names import WHICH_THERE_ARE
from release_machine.actions.search import (
    PIPELINE,
    WrongFilterError,
    find_releases,
    wrong_filters,
)
from release_machine.dashboard.state import History, WrongFilter
from release_machine.release.searching import Filters

if TYPE_CHECKING:
    from release_machine.deployment.session import Session

MOST_SHOWN = 50  # releases
MOST_NAMES = 20  # of pipelines, and patterns
# A page has a list of pipelines of its own.
_WHICH_THERE_ARE = "The page Estate shows which pipelines there are."
_TOO_MANY = WrongFilter(
    name=PIPELINE,
    problem=f"More than {MOST_NAMES} pipelines cannot be searched at once.",
    next_step="Leave some out.",
)


def read_history(session: Session, filters: Filters, *, at: datetime) -> History:
    """The latest releases that the filters let through, and what is wrong with the filters.

    Nothing is read while a filter is wrong; a name that no release has run is found by the read.
    """
    wrong = [_wrong(each) for each in wrong_filters(filters, at=at, called=_label)]
    if len(set(filters.pipelines)) > MOST_NAMES:
        wrong.append(_TOO_MANY)
    if wrong:
        return History(at=at, wrong=tuple(wrong))
    try:
        found = find_releases(session, filters, MOST_SHOWN + 1, at=at, called=_label)
    except WrongFilterError as error:
        return History(at=at, wrong=(_wrong(error),))
    return History(
        at=at,
        releases=tuple(found.releases[:MOST_SHOWN]),
        more=len(found.releases) > MOST_SHOWN,
        wrong=tuple(
            WrongFilter(name=PIPELINE, problem=each, next_step=_WHICH_THERE_ARE)
            for each in found.unknown
        ),
    )


def _label(name: str) -> str:
    """What the page calls a filter."""
    return name.capitalize()


def _wrong(error: WrongFilterError) -> WrongFilter:
    next_step = _WHICH_THERE_ARE if error.next_step == WHICH_THERE_ARE else error.next_step
    return WrongFilter(name=error.filter, problem=error.problem, next_step=next_step)
