"""What an execution of a pipeline ships: its source revisions and its variables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from release_core.immutable import Immutable

# Bytes of pins or revisions together with variables. The item of a pipeline holds them three times
# (as given, as last good, as shipped), beside up to 100 KB of dependencies and history; DynamoDB
# allows 400 KB. All variables that CodePipeline accepts fit, unless their letters are wide.
MAX_SHIPPED = 64_000
MAX_AUTHOR = 100  # characters
# Beside MAX_SHIPPED: at most 500 bytes for each of 50 source actions. What is needed to ship again
# counts; a commit's time and author never keep a release from being rolled back.
_UNCOUNTED = frozenset({"committed_at", "author"})
KEY_TYPE = "S3_OBJECT_KEY"  # names an object; beside a version, the object of that version


class Pin(Immutable):
    """The revision that a source action is told to take; ``type`` is a revisionType of AWS."""

    action: str
    type: str
    revision: str


class Commit(Immutable):
    """When a commit was made, and by whom, as far as the source action tells."""

    at: datetime | None = None
    author: str | None = None


class Revision(Immutable):
    """The revision that one source action delivered; ``action`` is None where AWS does not name it.

    ``type`` is the revisionType with which the action takes this revision again, if there is one.
    ``origin`` is the object or repository, by the keys of the action's configuration.
    ``committed_at`` and ``author`` are those of a commit, where the source tells them.
    """

    artifact: str
    revision: str
    summary: str | None = None
    action: str | None = None
    type: str | None = None
    origin: Mapping[str, str] | None = None
    committed_at: datetime | None = None
    author: str | None = None

    @property
    def pin(self) -> Pin | None:
        """The pin that makes another execution take this revision, if it is known."""
        # AWS may leave the revision id out, and a start accepts no empty one.
        if self.action is None or self.type is None or not self.revision:
            return None
        return Pin(action=self.action, type=self.type, revision=self.revision)


def bytes_of(sources: Iterable[Pin | Revision], variables: Mapping[str, str]) -> int:
    """The bytes of pins or revisions with variables as JSON; in DynamoDB they are never larger.

    The time and author of a commit do not count.
    """
    known = [
        {
            name: value
            for name, value in vars(each).items()
            if value is not None and name not in _UNCOUNTED
        }
        for each in sources
    ]
    return len(json.dumps([known, dict(variables)], ensure_ascii=False).encode(errors="replace"))


class Shipped(Immutable):
    """What an execution ran with: its revisions, and every variable with its value.

    ``unrecorded_bytes`` is the size of all of it when some of it is missing here.
    """

    revisions: Sequence[Revision] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    unrecorded_bytes: int | None = None

    @property
    def size(self) -> int:
        """The size in bytes; the ledger keeps at most MAX_SHIPPED."""
        return bytes_of(self.revisions, self.variables)

    @property
    def kept(self) -> "Shipped":
        """What goes on record: everything if it fits, otherwise the revisions alone if they fit."""
        size = self.size
        if size <= MAX_SHIPPED:
            return self
        fits = bytes_of(self.revisions, {}) <= MAX_SHIPPED
        return Shipped(revisions=self.revisions if fits else (), unrecorded_bytes=size)

    @property
    def remark(self) -> str:
        """The text that the audit adds when some of it is missing here."""
        if self.unrecorded_bytes is None:
            return ""
        return (
            f"; what it shipped has {self.unrecorded_bytes:,} bytes with its variables, too many "
            "to keep, so that nothing can be rolled back to it"
        )


NOTHING = Shipped()


class Good(Immutable):
    """An execution of a pipeline that succeeded, and what is needed to ship the same again.

    ``release_id`` is None for an execution that no release started. ``unrecorded_bytes`` is as in
    ``Shipped``: an incomplete record cannot be shipped again. ``variable_names`` stands for
    ``variables`` where people must not see the values.
    """

    release_id: str | None
    execution_id: str
    at: datetime
    revisions: tuple[Revision, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    unrecorded_bytes: int | None = None
    variable_names: tuple[str, ...] = ()

    @property
    def shipper(self) -> str:
        """The release, or the execution that no release started."""
        if self.release_id:
            return f"release {self.release_id}"
        return foreign(self.execution_id)


def foreign(execution_id: str) -> str:
    """An execution of a pipeline that was started outside any release, in words."""
    return f"execution {execution_id} that no release started"
