"""What is live in a pipeline: what last succeeded in it, whoever shipped it."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from release_core.clock import to_iso
from release_core.domain.commit_messages import message_of
from release_core.domain.revisions import KEY_TYPE, Good, Revision
from release_core.immutable import Immutable


class RolledBack(Immutable):
    """A revision that a rollback has removed; ``action`` is its source action.

    ``shipped_by`` is the release that shipped it, ``by`` the release that rolled it back ``at``
    this time. Where no release did, they are ids of executions.
    """

    action: str
    revision: str
    shipped_by: str
    by: str
    at: datetime
    shipped_by_release: bool = True
    by_release: bool = True

    def as_json(self) -> dict[str, Any]:
        """The rollback in documents for programs."""
        return {
            "shippedBy": self.shipped_by,
            "shippedByRelease": self.shipped_by_release,
            "by": self.by,
            "byRelease": self.by_release,
            "at": to_iso(self.at),
        }


class Live(Immutable):
    """What is live in a pipeline ``since`` a time.

    ``good`` is the execution that shipped it; its ``release_id`` is None if no release did. ``by``
    is the requester of the attempt of that release, if that is certain; otherwise the user, rule or
    webhook that started the execution, whose kind is the ``trigger``.
    ``restored_by`` is the execution with which CodePipeline itself went back to ``good``; then
    ``by`` and ``trigger`` are those of it.
    ``undone`` are the revisions that were rolled back and have not been shipped again since.
    Unless ``ran_last``, another execution may have changed a part of what is live: it runs, it ran
    at the same time or later, or CodePipeline went back with it in one stage.
    """

    pipeline: str
    good: Good
    since: datetime
    by: str | None = None
    trigger: str | None = None
    restored_by: str | None = None
    undone: tuple[RolledBack, ...] = ()
    ran_last: bool = True

    @property
    def rolled_back(self) -> tuple[str, ...]:
        """The revisions that were rolled back and have not been shipped again since."""
        return tuple(dict.fromkeys(each.revision for each in self.undone))

    @property
    def revisions(self) -> Mapping[str, str]:
        """The live revision of each source action that AWS names."""
        return revisions_of(self.good)

    def undone_revision(self, action: str, revision: str) -> RolledBack | None:
        """How this revision of a source action was rolled back, if it was."""
        same = (each for each in self.undone if (each.action, each.revision) == (action, revision))
        return next(same, None)

    def as_json(self, *, with_revisions: bool = True) -> dict[str, Any]:
        """What is live, in documents for programs."""
        found = {
            "releaseId": self.good.release_id,
            "executionId": self.good.execution_id,
            "since": to_iso(self.since),
            "by": self.by,
            "trigger": self.trigger,
            "restoredBy": self.restored_by,
        }
        if not with_revisions:
            return found
        revisions = [
            {
                "actionName": each.action,
                "revision": each.revision,
                "message": message_of(each.summary, each.revision),
            }
            for each in _versions(self.good)
        ]
        return {**found, "revisions": revisions}


class LivePipelines(Immutable):
    """What is live in each pipeline, and the reason for each pipeline that could not be read.

    A pipeline in which nothing is live is in neither.
    """

    live: Mapping[str, Live] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


def revisions_of(good: Good) -> dict[str, str]:
    """The revision of each source action that AWS names, without keys of objects."""
    return {each.action: each.revision for each in _versions(good) if each.action and each.revision}


def _versions(good: Good) -> Iterator[Revision]:
    return (each for each in good.revisions if each.type != KEY_TYPE)
