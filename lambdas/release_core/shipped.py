"""What executions of pipelines ship: the revisions they take, and the variables they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

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


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """What an execution ran with: its revisions, and every variable with the value it had."""

    revisions: Sequence[Revision] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


NOTHING = Shipped()


@dataclass(frozen=True, kw_only=True)
class Good:
    """An execution of a pipeline that succeeded, and what it takes to ship the same again."""

    release_id: str
    execution_id: str
    at: datetime
    revisions: tuple[Revision, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
