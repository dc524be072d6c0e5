"""What executions of pipelines ship: the revisions they take, and the variables they have."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

# Of pins or revisions together with variables. The item of a pipeline has this three times, as
# given, good before and shipped, beside up to 100 KB of what it depends on and its history, and
# DynamoDB takes 400 KB. All variables that CodePipeline takes fit, unless their letters are wide.
MAX_SHIPPED = 64_000
KEY_TYPE = "S3_OBJECT_KEY"  # alone it names an object, and with a version that object's


@dataclass(frozen=True, kw_only=True)
class Pin:
    """The revision that a source action is to take: ``type`` is a revisionType of AWS."""

    action: str
    type: str
    revision: str


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What one source action of an execution delivered; without ``action`` AWS does not tell which.

    ``type`` is the revisionType under which the action takes this revision again, if it has one.
    ``origin`` is what it is a revision of, by the names of the action's configuration.
    """

    artifact: str
    revision: str
    summary: str | None = None
    action: str | None = None
    type: str | None = None
    origin: Mapping[str, str] | None = None

    @property
    def pin(self) -> Pin | None:
        """What makes another execution take this revision, as far as that is known."""
        # An id is optional in AWS's answers, and a start takes no empty one.
        if self.action is None or self.type is None or not self.revision:
            return None
        return Pin(action=self.action, type=self.type, revision=self.revision)


def bytes_of(sources: Iterable[Pin | Revision], variables: Mapping[str, str]) -> int:
    """How large pins or revisions and variables are as JSON, which DynamoDB never exceeds."""
    known = [
        {name: value for name, value in vars(each).items() if value is not None} for each in sources
    ]
    return len(json.dumps([known, dict(variables)], ensure_ascii=False).encode(errors="replace"))


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """What an execution ran with: its revisions, and every variable with the value it had.

    ``unrecorded_bytes`` tells how large it was when not all of it is here.
    """

    revisions: Sequence[Revision] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    unrecorded_bytes: int | None = None

    @property
    def size(self) -> int:
        """Its size in bytes, of which the ledger keeps MAX_SHIPPED at most."""
        return bytes_of(self.revisions, self.variables)

    @property
    def kept(self) -> "Shipped":
        """What goes on record: all of it, else the revisions for people to see, if they fit."""
        size = self.size
        if size <= MAX_SHIPPED:
            return self
        fits = bytes_of(self.revisions, {}) <= MAX_SHIPPED
        return Shipped(revisions=self.revisions if fits else (), unrecorded_bytes=size)

    @property
    def remark(self) -> str:
        """What the audit adds to its end when not all of it is here."""
        if self.unrecorded_bytes is None:
            return ""
        return (
            f"; what it shipped has {self.unrecorded_bytes:,} bytes with its variables, too many "
            "to keep, so that nothing can be rolled back to it"
        )


NOTHING = Shipped()


@dataclass(frozen=True, kw_only=True)
class Good:
    """An execution of a pipeline that succeeded, and what it takes to ship the same again.

    ``unrecorded_bytes`` is as in ``Shipped``: without all of it nothing can be shipped again.
    """

    release_id: str
    execution_id: str
    at: datetime
    revisions: tuple[Revision, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    unrecorded_bytes: int | None = None
