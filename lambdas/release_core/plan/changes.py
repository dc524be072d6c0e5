"""What would change in a pipeline: what is live, and what a manifest would ship; pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from release_core.aws.source_lookup import Lookup, newest_of
from release_core.clock import to_iso
from release_core.domain.commit_messages import message_of, subject_of
from release_core.domain.declarations import SourceAction
from release_core.domain.live import Live, RolledBack
from release_core.domain.revisions import KEY_TYPE, Pin
from release_core.immutable import Immutable


class Before(Immutable):
    """What is live in a pipeline, or why that is not known."""

    live: Live | None = None
    unknown: str | None = None

    def revision(self, action: str) -> str | None:
        """The live revision of a source action, if it is known."""
        return self.live.revisions.get(action) if self.live else None

    def message(self, action: str) -> str | None:
        """What its author says about it."""
        return next(
            (
                subject_of(message_of(each.summary, each.revision))
                for each in (self.live.good.revisions if self.live else ())
                if each.action == action and each.type != KEY_TYPE
            ),
            None,
        )

    def has_nothing(self, action: str) -> bool:
        """Whether nothing of this source action is live: it has never been shipped."""
        if self.live is None:
            return self.unknown is None
        return bool(self.live.revisions) and action not in self.live.revisions


class PlannedSource(Immutable):
    """A source action: the ``current`` revision, and the ``wanted`` revision of the manifest.

    ``key`` is the object key when the manifest pins a key together with the version ``wanted``.
    ``ships`` is the revision that it would take now, pinned or the newest, if that is known, with
    its ``message``, its ``author``, and when it was ``made_at``. ``newest_of`` says where the
    newest revision comes from. ``first`` means that nothing of this source is live yet.
    ``rolled_back`` is set if a rollback has removed the revision that would ship.
    """

    action: str
    provider: str
    current: str | None
    wanted: str | None
    type: str | None
    key: str | None = None
    note: str | None = None
    current_message: str | None = None
    newest_of: str | None = None
    ships: str | None = None
    message: str | None = None
    author: str | None = None
    made_at: datetime | None = None
    first: bool = False
    rolled_back: RolledBack | None = None

    @property
    def changes(self) -> bool | None:
        """Whether it would ship another revision than is live; None if that is not known."""
        if self.ships is None or (self.current is None and not self.first):
            return None
        return self.ships != self.current

    def as_json(self) -> dict[str, Any]:
        """The source in the document of a plan; without ``wanted`` it takes the newest revision."""
        return {
            "actionName": self.action,
            "provider": self.provider,
            "revisionType": self.type,
            "current": self.current,
            "currentMessage": self.current_message,
            "wanted": self.wanted,
            "wantedKey": self.key,
            "newestOf": self.newest_of,
            "ships": self.ships,
            "message": self.message,
            "author": self.author,
            "madeAt": to_iso(self.made_at) if self.made_at else None,
            "changes": self.changes,
            "rolledBack": self.rolled_back and self.rolled_back.as_json(),
            "note": self.note,
        }


def planned_source(
    source: SourceAction, pins: Sequence[Pin], *, found: Lookup | None, before: Before
) -> PlannedSource:
    """What a source action would ship; ``found`` is what was looked up, if it was."""
    by_type = {pin.type: pin for pin in pins}
    key = by_type.pop(KEY_TYPE) if KEY_TYPE in by_type and len(by_type) > 1 else None
    pin = next(iter(by_type.values()), None)
    # Of a key that is pinned alone, the newest version ships.
    version = pin.revision if pin and pin.type != KEY_TYPE else None
    ships = version or (found.revision if found else None)
    live = before.live
    return PlannedSource(
        action=source.name,
        provider=source.provider,
        current=before.revision(source.name),
        current_message=before.message(source.name),
        wanted=pin.revision if pin else None,
        type=pin.type if pin else None,
        key=key.revision if key else None,
        note=found.note if found else None,
        newest_of=newest_of(source),
        ships=ships,
        message=subject_of(found.message) if found else None,
        author=found.author if found else None,
        made_at=found.made_at if found else None,
        first=before.has_nothing(source.name),
        rolled_back=live.undone_revision(source.name, ships) if live and ships else None,
    )


def dangers(sources: Iterable[PlannedSource]) -> Iterator[str]:
    """One line for each build that was rolled back and would ship again."""
    for each in sources:
        if each.rolled_back and each.changes is not False:
            yield (
                f"would ship AGAIN what was rolled back: revision {each.ships} of {each.action}, "
                f"{_history(each.rolled_back)}. Pin another revision, or leave the pipeline out"
            )


def may_ship_again(sources: Iterable[PlannedSource], live: Live | None) -> Iterator[str]:
    """One line for each source that may ship again what was rolled back; nobody can tell."""
    for each in sources:
        undone = [one for one in (live.undone if live else ()) if one.action == each.action]
        if each.ships is None and undone:
            yield (
                f"may ship again what was rolled back: the newest revision of {each.action} is not "
                f"known, and revision {undone[0].revision} was {_history(undone[0])}. Pin a "
                "revision to be sure"
            )


def may_still_change(
    sources: Sequence[PlannedSource], live: Live | None, *, other_values: bool | None
) -> Iterator[str]:
    """One line for each reason why a pipeline changes, or may, that ships what is live."""
    if live is None or not sources or any(each.changes is not False for each in sources):
        return
    same = "ships the revisions that are live"
    if other_values:
        yield f"{same}, with other values of its variables"
    elif other_values is None:
        yield f"{same}; it is not known whether the values of its variables are, too"
    if live.ran_last:
        return
    if live.restored_by:
        yield f"{same}, but CodePipeline went back to them in one stage only"
    else:
        yield (
            f"{same}, but another execution ran at the same time or later and may have changed a "
            "part"
        )


def _history(rolled_back: RolledBack) -> str:
    """Who shipped a revision, and who rolled it back, in words."""
    of = "release" if rolled_back.shipped_by_release else "execution"
    by = f"release {rolled_back.by}"
    if not rolled_back.by_release:
        by = f"CodePipeline with execution {rolled_back.by}"
    return f"shipped by {of} {rolled_back.shipped_by} and rolled back by {by}"
