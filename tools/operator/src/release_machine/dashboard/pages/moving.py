"""The releases that run or wait: what each does, how far it is, and what it waits for."""

from __future__ import annotations

from datetime import datetime

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.dashboard.pages.charts import progress
from release_machine.dashboard.pages.holds import held, reason
from release_machine.dashboard.pages.pieces import (
    by,
    listed_briefly,
    name_of,
    plural,
    state_words,
)
from release_machine.dashboard.pages.times import ago
from release_machine.release.approvals import is_asked, votes_left
from release_machine.release.estate import Estate, WaitingRelease
from release_machine.release.holds import hold_of
from release_machine.report.durations import in_brief
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.statuses import badge


def moving(estate: Estate) -> Markup | None:
    """The open releases, then those that wait to be opened, in their order."""
    rows = [_running(each, estate.at) for each in estate.running]
    rows += [_waiting(number, each, estate.at) for number, each in enumerate(estate.waiting, 1)]
    if not rows:
        return None
    return element(
        "section",
        element("h2", "Releases under way", id="moving-title"),
        element("ul", rows, class_="moving"),
        id="moving",
        aria_labelledby="moving-title",
    )


def _running(release: Release, now: datetime) -> Markup:
    nodes = release.pipelines.values()
    broken = any(each.status.broken for each in nodes)
    status = state_words("bad", "FAILED", "failing") if broken else badge(release.status)
    attempt = f", attempt {release.attempt}" if release.attempt > 1 else None
    pipelines = plural(len(release.of_codepipeline), "pipeline")
    return element(
        "li",
        element("div", name_of(release), class_="name"),
        element("div", status, attempt),
        element(
            "div",
            progress(each.status for each in nodes),
            element(
                "p",
                f"{release.ended_count} of {pipelines} ended",
                class_="aside",
            ),
            class_="far",
        ),
        element("p", _doing(release), class_="doing"),
        element(
            "p",
            in_brief(now - release.began_at),
            by(release.requester),
            class_="aside by",
        ),
        id=f"moves-{release.release_id}",
    )


def _doing(release: Release) -> Content:
    """The most urgent words of what goes on: a failure, a question, a hold, what runs."""
    nodes = list(release.pipelines.values())
    if failed := [each for each in nodes if each.status.broken]:
        return [element("b", isolated(failed[0].name), class_="bad"), " ", _why(failed[0])]
    if asked := [each for each in nodes if is_asked(each)]:
        return ["waits for ", votes_left(asked[0]), ": ", element("b", isolated(asked[0].name))]
    if running := [each.name for each in nodes if each.status is PipelineStatus.RUNNING]:
        return ["runs ", isolated(listed_briefly(running))]
    for each in nodes:
        if hold := hold_of(release, each):
            return [element("b", isolated(each.name)), " ", held(hold)]
    return "starting"


def _why(node: Pipeline) -> Content:
    failure = node.failure
    said = (failure.place or failure.reason) if failure else node.status.value.lower()
    return ["did not succeed: ", isolated(said)]


def _waiting(number: int, waiting: WaitingRelease, now: datetime) -> Markup:
    release = waiting.release
    return element(
        "li",
        element("div", name_of(release), class_="name"),
        element("div", state_words("wait", "WAITING", f"waits, number {number}")),
        element(
            "p", [reason(each) for each in waiting.reasons] or "waits to be opened", class_="doing"
        ),
        element(
            "p",
            "handed in ",
            ago(release.opened_at, now),
            by(release.requester),
            class_="aside by",
        ),
        id=f"moves-{release.release_id}",
    )
