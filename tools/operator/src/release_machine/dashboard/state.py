"""What the pages of the dashboard are made from: frozen values, without tokens and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from release_core.domain.release import Failure, Release
from release_machine.dora.deployments import Window
from release_machine.dora.figures import Dora, Figures
from release_machine.release.busy import Behind, Reason
from release_machine.release.estate import Estate
from release_machine.release.model import Activity, Snapshot

Value = TypeVar("Value")

DAYS = (7, 30, 90, 365)  # the windows that the page of the metrics offers
DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is the same on every page: the deployment, and who looks at it."""

    deployment: str
    region: str
    console_region: str | None
    caller: str
    allows_actions: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why nothing could be read since this time, and what a person can do.

    ``absent`` means that there is no such thing, such as a release with this id.
    """

    problem: str
    next_step: str
    since: datetime
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[Value]):
    """The latest value that was read, and when; None before the first.

    With ``trouble`` the latest reads have failed, and the value is the one before.
    """

    value: Value | None = None
    read_at: datetime | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that a person can do: the page that asks for it, and the command that does it.

    ``action`` is approve, reject, cancel, retry or rollback; ``name`` is what is answered.
    """

    action: str
    release_id: str
    href: str
    command: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for the answer of a person, in a release.

    ``activity`` has the question, since when, how many approvals are missing, and a link.
    """

    release: Release
    name: str
    activity: Activity
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Everything that waits for the answer of a person.

    ``unread`` says, in a sentence, of which pipelines that is not known; ``later`` is the number of
    running pipelines that will be read at the next looks. While ``searching``, older releases may
    be missing.
    """

    at: datetime
    waiting: tuple[Waiting, ...] = ()
    unread: str | None = None
    later: int = 0
    searching: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The first page: the estate, and what waits for people."""

    estate: Estate
    approvals: Approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An execution of an action, as CodePipeline lists it.

    It ``asks`` people for an approval; ``cancelled`` is an approval that ended without an answer.
    """

    stage: str
    action: str
    started_at: datetime
    running: bool = False
    asks: bool = False
    cancelled: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseState:
    """The page of a release: one look at it, and what can be done.

    ``steps`` are the actions of pipelines that run or did not succeed, as far as they were read, in
    the order in which they began. ``waits_for`` is what a release waits for that is not opened, or
    whose next attempt is not; ``behind`` are the releases that wait for it.
    """

    snapshot: Snapshot
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict, hash=False)
    waits_for: tuple[Reason, ...] = ()
    behind: tuple[Behind, ...] = ()
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongFilter:
    """What is wrong with a filter of the history, and what to write; ``name`` is its field."""

    name: str
    problem: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The latest releases, newest first, without pipelines; ``more`` tells that there are more.

    With filters in ``wrong`` there may be none.
    """

    at: datetime
    releases: tuple[Release, ...] = ()
    more: bool = False
    wrong: tuple[WrongFilter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The DORA figures of a window of days."""

    at: datetime
    days: int
    dora: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The question before something is done: what will happen, and what is still missing.

    ``effects`` are sentences; ``plan`` is the plan of a rollback as `plan --json` prints it.
    ``words`` is the name of the text to write, such as Reason; ``needs_words`` that it must not be
    empty; ``said`` what was written. ``problem`` and ``next_step`` say why it was not done.
    ``possible`` is False when it cannot be done at all. ``subject`` stands for what is answered or
    shipped: another question, or another plan, has another.
    """

    offer: Offer
    question: str
    attempt: int
    subject: str = ""
    effects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    plan: dict[str, Any] | None = field(default=None, hash=False)
    words: str | None = None
    needs_words: bool = False
    said: str = ""
    problem: str | None = None
    next_step: str | None = None
    possible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done, in a sentence, and the release whose page shows it."""

    notice: str
    release_id: str


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_ANY_WINDOW = Window(since=_ANY_TIME, until=_ANY_TIME)


def facts(value: Any) -> Any:
    """What was read, without the time of the read: equal when nothing has changed."""
    match value:
        case ReleaseState(snapshot=seen):
            known = (seen.release, seen.activity, seen.left_open)
            queue = (value.waits_for, value.behind)
            return (*known, value.steps, *queue, value.offers)
        case Overview():
            return (replace(value.estate, at=_ANY_TIME), facts(value.approvals))
        case Metrics(dora=Dora() as dora):
            return (value.days, [_counted(each) for each in (dora.all, *dora.pipelines)])
        case Approvals() | History():
            return replace(value, at=_ANY_TIME)
        case _:
            return value


def _counted(found: Figures) -> Any:
    """The figures without the window, which ends at the time of the read; a week by its day."""
    weeks = [(each.window.since.date(), replace(each, window=_ANY_WINDOW)) for each in found.weeks]
    return (replace(found, weeks=()), weeks)
