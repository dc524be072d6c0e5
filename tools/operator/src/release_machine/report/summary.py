"""The head of the report: the outcome, the next steps, and the facts."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator

from release_core.domain.release import (
    OnFailure,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_machine.release.approvals import approvals_of
from release_machine.release.holds import (
    TO_START_NOW,
    overridden,
    override_command,
    starts_by_itself,
)
from release_machine.release.model import Activity, Snapshot
from release_machine.release.phrases import halted, restores, rolled_back_by
from release_machine.release.record import resumer
from release_machine.release.situation import slots
from release_machine.report.durations import in_brief, spelled
from release_machine.report.failures import broken
from release_machine.report.markup import (
    Content,
    Markup,
    breakable,
    element,
    isolated,
    link,
    link_if_web,
)
from release_machine.report.parts import anchor, clipped, command, facts_list, in_full, person, utc
from release_machine.report.statuses import badge, icon, severity
from release_machine.text import console_links as links
from release_machine.text.wording import left

_DOORS = {
    "s3": "the manifest bucket (S3)",
    "api": "the API",
    "direct": "the state machine itself (StartExecution)",
}
_POLICIES = {
    "halt": "halt: start no more pipelines; let running pipelines finish",
    "continue": "continue: start all pipelines that do not depend on it",
    "stop": "stop: start no more pipelines; stop running pipelines",
    "rollback": "rollback: stop running pipelines, then release what was good before",
}


def head(snapshot: Snapshot) -> Markup:
    """Id, status and outcome."""
    release = snapshot.release
    return element(
        "header",
        element("p", "Release report", class_="kicker"),
        element("h1", isolated(release.label)),
        _outcome(snapshot),
        _tallies(release),
        in_full(release.why, head=_failures_first(release.why, release)) if release.why else None,
    )


def _outcome(snapshot: Snapshot) -> Markup:
    release = snapshot.release
    took = spelled(release.began_at, release.closed_at or snapshot.at)
    word = "for" if release.status is ReleaseStatus.RUNNING else "after"
    attempt = f" in attempt {release.attempt}" if release.attempt > 1 else ""
    return element(
        "p",
        badge(release.status),
        element("span", f"{word} {took}{attempt}", class_="took")
        if release.status is not ReleaseStatus.REJECTED
        else None,
        # The page may be opened later.
        element("span", "as of ", utc(snapshot.at), class_="note")
        if release.status is ReleaseStatus.RUNNING
        else None,
        class_="outcome",
    )


def _failures_first(why: str, release: Release) -> str:
    """The first line, and the lines about the first two pipelines that failed."""
    general, *lines = why.splitlines()
    starts = tuple(f"- {each.name} {each.status}" for each in broken(release))
    named = [line for line in lines if line.startswith(starts)]
    return "\n".join([general, *(clipped(line, 300) for line in named[:2])])


def _tallies(release: Release) -> Content:
    if not release.pipelines:
        return None
    asks = approvals_of(release)
    return [
        _tally("Pipelines by status", release.of_codepipeline.values()),
        _tally("Approvals by status", asks.values(), noun="approval") if asks else None,
    ]


def _tally(label: str, nodes: Iterable[Pipeline], *, noun: str = "") -> Markup:
    counts = Counter(each.status for each in nodes)
    items = [
        element("li", icon(status), f" {_number(count, noun)} {status.replace('_', ' ')}")
        for status, count in sorted(counts.items(), key=lambda each: severity(each[0]))
    ]
    return element("ul", items, class_="tally", aria_label=label)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if noun else str(count)


def facts(snapshot: Snapshot, *, region: str | None) -> Markup:
    """Who, when, how, and the policy."""
    known = facts_list(_facts(snapshot, region=region))
    return element("section", known, class_="about", aria_label="Facts")


def _facts(snapshot: Snapshot, *, region: str | None) -> Iterator[tuple[str, Content]]:
    release, at = snapshot.release, snapshot.at
    door = _DOORS.get(release.channel or "", release.channel)
    became = release.status is not ReleaseStatus.REJECTED
    yield "Opened by" if became else "Requested by", person(release.requester)
    yield "Through", isolated(door)
    yield "Opened" if became else "Received", utc(release.opened_at)
    if release.attempt > 1:
        yield "Attempt", [f"{release.attempt}, since ", utc(release.resumed_at)]
        yield "Resumed by", person(resumer(release))
    yield "Closed", utc(release.closed_at) if became else None
    yield "Rolls back", isolated(release.rollback_of)
    yield "Goes back to", isolated(restores(release))
    yield "Rolled back by", isolated(rolled_back_by(release))
    yield "Override", isolated(overridden(release))
    yield "Halted", isolated(halted(release))
    if release.not_before:
        yield "Held until" if release.is_held(at) else "Not before", [utc(release.not_before)]
    if release.deadline:
        rest = "" if release.closed else f", {left(release.deadline - at, written=in_brief)}"
        yield "Deadline", [utc(release.deadline), rest]
    if release.max_concurrency:
        used = "" if release.closed else f", {slots(release)}"
        yield "At most", f"{release.max_concurrency} running{used}"
    if became:
        yield "On failure", _POLICIES[release.on_failure]
    page = links.workflow_execution(release.execution_arn, region=region)
    yield "Workflow", link(page, element("span", breakable(release.execution_arn), class_="arn"))


def next_steps(snapshot: Snapshot) -> Markup:
    """The commands that a reader can use now."""
    return element(
        "aside",
        element("h2", "What to do next", id="next-title"),
        _steps(snapshot),
        class_="next",
        aria_labelledby="next-title",
    )


def _steps(snapshot: Snapshot) -> Content:
    release = snapshot.release
    if release.status is ReleaseStatus.RUNNING:
        return _while_running(snapshot)
    if release.status is ReleaseStatus.REJECTED:
        submit = command("release-machine submit manifest.json")
        return _paragraph("Nothing was started. Correct the manifest (see above), then: ", submit)
    rolled_back = _rolled_back(release)
    if release.status is ReleaseStatus.SUCCEEDED:
        if rolled_back:
            return rolled_back
        return [
            _paragraph("Nothing: every pipeline succeeded."),
            _paragraph("To undo it: ", _command("rollback", release.release_id))
            if not release.rollback_of
            else None,
        ]
    return rolled_back or _after_failure(release)


def _rolled_back(release: Release) -> Content:
    if not release.rolled_back_by:
        return None
    rollback = isolated(release.rolled_back_by)
    show = _command("show", release.rolled_back_by)
    return _paragraph("It was rolled back by release ", rollback, ". See details: ", show)


def _after_failure(release: Release) -> Content:
    go_on = "To continue, run the pipelines that did not succeed again: "
    fix = "Fix what failed (see below). Then run the pipelines that did not succeed again: "
    cancelled = release.status is ReleaseStatus.CANCELLED
    asked = release.on_failure is OnFailure.ROLLBACK and not cancelled
    return [
        _announced(release.rolls_back_as)
        if release.rolls_back_as
        else _paragraph(
            "Its manifest asks for a rollback; the outcome and the audit tell what happened."
        )
        if asked
        else None,
        _paragraph(go_on if cancelled else fix, _command("retry", release.release_id)),
        _paragraph("Or go back to what was good before: ", _command("rollback", release.release_id))
        if not release.rollback_of
        else _paragraph("It is a rollback and cannot be rolled back."),
    ]


def _announced(rollback: str) -> Markup:
    what = " is announced to roll it back, but was not opened yet. Follow it: "
    return _paragraph("Release ", isolated(rollback), what, _command("watch", rollback))


def _while_running(snapshot: Snapshot) -> Content:
    release = snapshot.release
    waiting = [
        element(
            "li",
            element("a", element("b", isolated(pipeline.name)), href=f"#{anchor(pipeline)}"),
            [", at ", isolated(doing.place), ","] if doing.place else None,
            " waits for ",
            isolated(doing.waits_for),
            ". ",
            _way_on(doing, release),
        )
        for pipeline in release.pipelines.values()
        for doing in (snapshot.activity.get(pipeline.name),)
        if doing and doing.waits_for and pipeline.status is PipelineStatus.RUNNING
    ]
    override = override_command(release)
    return [
        element("ul", waiting) if waiting else None,
        _held(release, override) if override else None,
        _paragraph("Follow it: ", _command("watch", release.release_id)),
        _paragraph("Stop it: ", _command("cancel", release.release_id)),
    ]


def _held(release: Release, override: str) -> Markup:
    by_itself = starts_by_itself(release)
    return _paragraph(f"{by_itself[0].upper()}{by_itself[1:]}; {TO_START_NOW}: ", command(override))


def _way_on(doing: Activity, release: Release) -> Content:
    """The page to open and the commands that answer, or the command that shows how to continue.

    A way out that is no answer may have the token of an approval, and reports are shared.
    """
    if doing.way_out and doing.way_to_reject:
        page = link_if_web(doing.link, "Open")
        answers: Content = [command(doing.way_out), " or ", command(doing.way_to_reject)]
        return [page, ". " if page else None, "Answer it: ", answers]
    if doing.link or not doing.way_out:
        return link_if_web(doing.link, "Open")
    return [_command("watch", release.release_id), " shows the command that lets it continue."]


def _command(verb: str, release_id: str) -> Markup:
    return command(f"release-machine {verb} {shlex.quote(release_id)}")


def _paragraph(*content: Content) -> Markup:
    return element("p", *content)
