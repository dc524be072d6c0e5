"""What people are told about each type of event, in our words and in quotes of the event; pure."""

from collections.abc import Callable, Iterator

from notify_people.message import Event, Message, Severity
from notify_people.reading import clock_time, person
from notify_people.texts import MAX_REASON, Line, Quoted, elements, members, one_line, whole
from release_core.domain import announcements
from release_core.domain.announcement import MAX_LISTED
from release_core.domain.release import ReleaseKind
from release_core.immutable import Immutable

_AFTER_FAILURE = {
    "halt": "Running pipelines continue to their end. Nothing more starts.",
    "continue": "Pipelines that do not depend on it continue.",
    "stop": "Running pipelines are stopped. Nothing more starts.",
    "rollback": "Running pipelines are stopped. Then the release is rolled back.",
}
MAX_WHY = 8000  # characters
_HOTFIX = ReleaseKind.HOTFIX.value
_BY_ITSELF = "There is nothing to do: it starts by itself."


class _Wording(Immutable, kw_only=False):
    """How an event is told: how urgent, what happened, and more about it.

    ``lasting`` introduces how long the release has taken; empty: that says nothing.
    """

    severity: Callable[[Event], Severity]
    headline: Callable[[Event], Line]
    facts: Callable[[Event], Iterator[Line]]
    lasting: str = ""


def message_of(event: Event) -> Message | None:
    """Return what people are told, or None for an event that is not worth a message.

    Pipeline Settled is none: a release of a thousand pipelines would send a thousand messages.
    """
    wording = _WORDINGS.get(event.type)
    if wording is None:
        return None
    is_stuck = event.type == announcements.RELEASE_STUCK
    failed = tuple(each.pipeline for each in event.failures)
    return Message(
        event=event,
        severity=wording.severity(event),
        headline=wording.headline(event),
        facts=(*_about(event), *wording.facts(event)),
        failures=event.failures,
        more_failures=max(0, event.counts.get("failed", 0) - MAX_LISTED),
        asked=_asked(event, wording.lasting),
        names=_names(event, "stuckPipelines") if is_stuck else failed,
        reason=_reason(event),
    )


def told_types() -> frozenset[str]:
    """Return the types of events that people are told about."""
    return frozenset(_WORDINGS)


def _about(event: Event) -> Iterator[Line]:
    """What its author says the release is about, and whether it is a hotfix."""
    if (title := _quoted(event, "title")).text:
        yield ("Title: ", title)
    if event.detail.get("releaseKind") == _HOTFIX:
        yield ("It is a hotfix.",)


def _reason(event: Event) -> Line:
    """Why, in one line: of the first failure or problem, else of the event."""
    problems = _problems(event)
    if event.failures and event.type != announcements.RELEASE_STUCK:
        first = event.failures[0]
        return (Quoted(first.pipeline), ": ", Quoted(first.reason))
    if problems:
        return (Quoted(problems[0]),)
    is_bad = event.type not in {announcements.RELEASE_SUCCEEDED, announcements.RELEASE_HELD}
    return next(_why(event), ())[1:] if is_bad else ()


def _asked(event: Event, lasting: str) -> Line:
    asked: Line = ("Asked for by ", Quoted(event.requester), ".") if event.requester else ()
    if not lasting or event.seconds is None:
        return asked
    return (*asked, " " if asked else "", f"{lasting} {_duration(event.seconds)}.")


def _duration(seconds: int) -> str:
    """A duration as the command writes it: 0:07, 12:30 or 1:02:03."""
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _always(severity: Severity) -> Callable[[Event], Severity]:
    return lambda _: severity


def _release(says: str) -> Callable[[Event], Line]:
    """A headline about the release, with its attempt if it is not the first."""
    return lambda event: (
        *_named(event),
        f" {says}",
        f" (attempt {event.attempt})" if event.attempt and event.attempt > 1 else "",
    )


def _named(event: Event) -> Line:
    return ("Release ", Quoted(event.release_id)) if event.release_id else ("A release",)


def _quoted(event: Event, name: str, limit: int = MAX_REASON) -> Quoted:
    return Quoted(one_line(event.detail.get(name), limit))


def _why(event: Event) -> Iterator[Line]:
    """The reason of an event, which may have several lines, as so many facts."""
    why = event.detail.get("why")
    lines = (
        [each for each in why[:MAX_WHY].splitlines() if each.strip()]
        if isinstance(why, str)
        else []
    )
    for number, each in enumerate(lines[:MAX_LISTED]):
        yield ("" if number else "Why: ", Quoted(one_line(each, MAX_REASON)))
    if len(lines) > MAX_LISTED:
        yield (f"and {len(lines) - MAX_LISTED} more lines",)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _names(event: Event, name: str) -> tuple[str, ...]:
    return tuple(map(one_line, elements(event.detail.get(name))[:MAX_LISTED]))


def _of_started(event: Event) -> Iterator[Line]:
    if total := event.counts.get("total"):
        yield (f"It has {_plural(total, 'pipeline')}.",)
    if (of := _quoted(event, "rollbackOf")).text:
        yield ("It rolls back release ", of, ".")
    if deadline := clock_time(event.detail.get("deadline")):
        yield (f"It must have ended by {deadline}.",)


def _rejected(event: Event) -> Line:
    named: Line = _named(event) if event.release_id else ("A manifest",)
    return (*named, " was REJECTED. Nothing ran.")


def _of_rejected(event: Event) -> Iterator[Line]:
    if problems := _problems(event):
        yield from (("- ", Quoted(each)) for each in problems)
    else:
        yield from _why(event)
    if (source := _quoted(event, "source")).text:
        yield ("The manifest is ", source, ".")


def _problems(event: Event) -> list[str]:
    listed = elements(event.detail.get("problems"))[:MAX_LISTED]
    return [one_line(each, MAX_REASON) for each in listed]


def _held(event: Event) -> Line:
    until = clock_time(event.detail.get("heldUntil"))
    return (*_named(event), f" is held until {until}" if until else " waits for busy pipelines")


def _of_held(event: Event) -> Iterator[Line]:
    for each in map(members, elements(event.detail.get("holds"))[:MAX_LISTED]):
        waits = "comes first at" if each.get("waits") else "runs"
        pipeline, other = one_line(each.get("pipeline")), one_line(each.get("releaseId"))
        yield ("Release ", Quoted(other), f" {waits} ", Quoted(pipeline), ".")
    yield (_BY_ITSELF,)


def _of_failing(event: Event) -> Iterator[Line]:
    yield from _how_many(event)
    policy = one_line(event.detail.get("onFailure"))
    if policy in _AFTER_FAILURE:
        yield (_AFTER_FAILURE[policy],)


def _how_many(event: Event) -> Iterator[Line]:
    failed, total = event.counts.get("failed", 0), event.counts.get("total", 0)
    if failed:
        yield (f"{failed} of {total} pipelines did not succeed.",)
    going_on = [
        f"{event.counts[name]} {verb}"
        for name, verb in (("running", "running"), ("waiting", "waiting"), ("skipped", "skipped"))
        if event.counts.get(name)
    ]
    if going_on:
        yield (f"Others: {', '.join(going_on)}.",)


def _requested(event: Event) -> Line:
    return (*_named(event), " waits for your approval: ", _quoted(event, "approval"))


def _of_requested(event: Event) -> Iterator[Line]:
    if (question := _quoted(event, "question", 1000)).text:
        yield (question,)
    needed = whole(event.detail.get("needed")) or 1
    people = "1 person has" if needed == 1 else f"{needed} people have"
    yield (f"{people} to approve.",)
    if event.detail.get("fourEyes") is True:
        yield ("People who asked for the release cannot answer (four eyes).",)
    if expires := clock_time(event.detail.get("expiresAt")):
        yield (f"It fails if it is not answered by {expires}.",)


def _approves(event: Event) -> bool:
    return event.detail.get("decision") == "approve"


def _answered(event: Event) -> Line:
    decided = "approved" if _approves(event) else "REJECTED"
    return (*_named(event), ": ", _quoted(event, "approval"), f" was {decided}")


def _of_answered(event: Event) -> Iterator[Line]:
    yield ("By ", Quoted(person(event.detail.get("by"))), ".")
    if (comment := _quoted(event, "comment", 1000)).text:
        yield ("Comment: ", comment)
    votes, needed = whole(event.detail.get("votes")), whole(event.detail.get("needed"))
    if _approves(event) and votes is not None and needed:
        yield (f"{votes} of {_plural(needed, 'approval')} given.",)


def _of_stuck(event: Event) -> Iterator[Line]:
    yield from _why(event)
    for name in _names(event, "stuckPipelines"):
        yield ("It waits for ", Quoted(name), ".")


def _of_outcome(event: Event) -> Iterator[Line]:
    total, succeeded = event.counts.get("total"), event.counts.get("succeeded")
    if event.type == announcements.RELEASE_SUCCEEDED and total == succeeded and total:
        yield (f"Its {_plural(total, 'pipeline')} succeeded.",)
    yield from _how_many(event)
    is_explained = event.failures and event.type == announcements.RELEASE_FAILED
    if not is_explained and event.type != announcements.RELEASE_SUCCEEDED:
        yield from _why(event)
    if (rolled := _quoted(event, "rollbackOf")).text:
        yield ("It rolled back release ", rolled, ".")
    if (rollback := _quoted(event, "rollsBackAs")).text:
        yield ("Release ", rollback, " rolls it back now.")


_WORDINGS = {
    announcements.RELEASE_STARTED: _Wording(
        _always(Severity.INFO), _release("started"), _of_started
    ),
    announcements.RELEASE_REJECTED: _Wording(_always(Severity.ERROR), _rejected, _of_rejected),
    announcements.RELEASE_HELD: _Wording(_always(Severity.INFO), _held, _of_held),
    announcements.RELEASE_FAILING: _Wording(
        _always(Severity.ERROR), _release("is FAILING"), _of_failing, "It has run for"
    ),
    announcements.APPROVAL_REQUESTED: _Wording(_always(Severity.ACTION), _requested, _of_requested),
    announcements.APPROVAL_ANSWERED: _Wording(
        lambda event: Severity.INFO if _approves(event) else Severity.ERROR,
        _answered,
        _of_answered,
    ),
    announcements.RELEASE_STUCK: _Wording(
        _always(Severity.ERROR), _release("is STUCK"), _of_stuck, "It has run for"
    ),
    announcements.RELEASE_SUCCEEDED: _Wording(
        _always(Severity.INFO), _release("SUCCEEDED"), _of_outcome, "It took"
    ),
    announcements.RELEASE_FAILED: _Wording(
        _always(Severity.ERROR), _release("FAILED"), _of_outcome, "It took"
    ),
    announcements.RELEASE_CANCELLED: _Wording(
        _always(Severity.WARNING), _release("CANCELLED"), _of_outcome, "It took"
    ),
}
