"""The facts of the release, folded: who, when, through which door, and the policy."""

from collections.abc import Iterator

from release_core.domain.release import Release, ReleaseStatus
from release_machine.release.holds import overridden
from release_machine.release.model import Snapshot
from release_machine.release.phrases import halted, restores, rolled_back_by
from release_machine.release.record import resumer
from release_machine.release.situation import slots
from release_machine.report.durations import in_brief
from release_machine.report.markup import Content, Markup, breakable, element, isolated, link
from release_machine.report.parts import facts_list, person, utc
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


def about(snapshot: Snapshot, *, region: str | None) -> Markup:
    """Everything about the release that is not in its head."""
    return element(
        "details",
        element("summary", "About this release: ", _gist(snapshot.release)),
        facts_list(_facts(snapshot, region=region)),
        id="about",
    )


def _gist(release: Release) -> Content:
    door = _DOORS.get(release.channel or "", release.channel)
    policy = "" if release.status is ReleaseStatus.REJECTED else f"on failure {release.on_failure}"
    parts = [f"through {door}" if door else "", policy, "workflow execution"]
    return isolated(", ".join(part for part in parts if part))


def _object(release: Release) -> str | None:
    dropped = release.dropped
    return f"s3://{dropped.bucket}/{dropped.key}" if dropped else None


def _facts(snapshot: Snapshot, *, region: str | None) -> Iterator[tuple[str, Content]]:
    release, at = snapshot.release, snapshot.at
    door = _DOORS.get(release.channel or "", release.channel)
    became = release.status is not ReleaseStatus.REJECTED
    yield "Opened by" if became else "Requested by", person(release.requester)
    yield "Through", isolated(door)
    yield "Manifest", isolated(_object(release))
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
