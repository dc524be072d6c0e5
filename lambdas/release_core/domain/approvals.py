"""An approval: a node of a release that waits until people have answered it."""

from dataclasses import field
from datetime import datetime, timedelta

from release_core.immutable import Immutable


class Vote(Immutable):
    """The answer of one person to an approval.

    ``voter`` is the identity that counts once. ``by`` is the ARN that signed the request: of an
    assumed role, its last part is the session.
    """

    voter: str
    by: str
    approves: bool
    comment: str | None
    at: datetime


class Approval(Immutable):
    """What an approval asks, and the votes of its present attempt.

    ``asked_at`` is when all that it depends on had succeeded; None before. With ``four_eyes``,
    nobody who asked for the release may answer.
    """

    question: str | None = None
    min_approvals: int = 1
    four_eyes: bool = True
    expires_after: timedelta | None = None
    asked_at: datetime | None = None
    votes: tuple[Vote, ...] = field(default=())

    @property
    def approved_by(self) -> tuple[Vote, ...]:
        """The votes that approve, in the order in which they were given."""
        return tuple(vote for vote in self.votes if vote.approves)

    @property
    def rejection(self) -> Vote | None:
        """The vote that rejects, which is final."""
        return next((vote for vote in self.votes if not vote.approves), None)

    @property
    def granted(self) -> bool:
        """Whether enough people have approved, and nobody has rejected."""
        return self.rejection is None and len(self.approved_by) >= self.min_approvals

    @property
    def expires_at(self) -> datetime | None:
        """When it counts as not answered in time, once it is asked."""
        if self.asked_at is None or self.expires_after is None:
            return None
        return self.asked_at + self.expires_after
