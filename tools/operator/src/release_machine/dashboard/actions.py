"""What a page may do to a release: as the commands do it, after a page has asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from release_machine.actions.words import checked_words
from release_machine.dashboard.asking import Asking, asking_of
from release_machine.dashboard.state import Confirmation, Done, Offer
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError, UnreachableError, UsageError

_STALE = "The release has changed since this page was loaded."


class Actions:
    """Asks for actions, and does them, one at a time; with a session of its own."""

    def __init__(
        self, open_session: Callable[[], Session], *, clock: Callable[[], datetime]
    ) -> None:
        self._open_session = open_session
        self._clock = clock
        self._session: Session | None = None

    def confirmation(self, offer: Offer) -> Confirmation:
        """What would happen now; a problem is part of it."""
        try:
            with explained():
                return self._asking(offer).confirmation
        except OperatorError as error:
            self._forget(error)
            return _impossible(offer, error)

    def perform(
        self, offer: Offer, *, attempt: str, subject: str, words: str
    ) -> Done | Confirmation:
        """Do it, if the release is as the person saw it; otherwise ask again, with the problem."""
        try:
            with explained():
                asking = self._asking(offer)
        except OperatorError as error:
            self._forget(error)
            return replace(_impossible(offer, error), said=words)
        asked = replace(asking.confirmation, said=words)
        try:
            if (attempt, subject) != (f"{asked.attempt}", asked.subject):
                raise UsageError(_STALE, "Look at what would happen now, and decide again.")
            given = _words(asked, words)
            with explained():
                return asking.do(given)
        except OperatorError as error:
            self._forget(error)
            return replace(asked, problem=error.problem, next_step=error.next_step)

    def _asking(self, offer: Offer) -> Asking:
        if self._session is None:
            self._session = self._open_session()
        return asking_of(offer, self._session, now=self._clock())

    def _forget(self, error: OperatorError) -> None:
        """Open another session next time, which finds new credentials."""
        if isinstance(error, UnreachableError):
            self._session = None


def _words(asked: Confirmation, words: str) -> str | None:
    if asked.words is None:
        return None
    return checked_words(asked.words, words, needed=asked.needs_words, example='"incident 4711"')


def _impossible(offer: Offer, error: OperatorError) -> Confirmation:
    return Confirmation(
        offer=offer,
        question=f"{offer.action.capitalize()} {offer.name or offer.release_id}?",
        attempt=0,
        problem=error.problem,
        next_step=error.next_step,
        possible=False,
    )
