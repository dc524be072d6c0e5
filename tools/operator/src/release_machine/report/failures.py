"""Why the release did not succeed: the first cause, and each further failure, once and in full."""

from collections.abc import Callable, Iterator, Sequence

from release_core.domain.announcements import problems_in
from release_core.domain.release import Pipeline, Release, ReleaseStatus
from release_machine.release.approvals import with_names
from release_machine.report.causes import (
    broken,
    explains_itself,
    how_it_ended,
    said_besides,
    skipped,
    was_stopped,
)
from release_machine.report.durations import brief
from release_machine.report.markup import (
    Content,
    Markup,
    breakable,
    element,
    is_web_address,
    isolated,
    joined,
    link,
)
from release_machine.report.parts import (
    LONG_FOR_A_HEAD,
    anchor,
    execution,
    facts_list,
    failure_anchor,
    in_full,
    moment,
    retries,
)
from release_machine.report.statuses import icon, tone
from release_machine.text import console_links as links

MOST_NAMES = 6
_TITLES = {
    ReleaseStatus.FAILED: "The release failed",
    ReleaseStatus.CANCELLED: "The release was cancelled",
    ReleaseStatus.REJECTED: "The manifest was rejected",
}


def first_cause(release: Release, *, region: str | None) -> Markup | None:
    """What failed first, where, why and the page about it; then what else that affected.

    It is the reason of the outcome where that is the cause; None when nothing failed.
    """
    if explains_itself(release):
        return _outcome(release, region=region) if release.status in _TITLES else None
    found = broken(release)
    if not found:
        return None
    first, *others = found
    besides = said_besides(release)
    return element(
        "section",
        _failure(first, region=region, title="h2", is_first=bool(others)),
        in_full(with_names(besides), key="cause-besides", most=LONG_FOR_A_HEAD)
        if besides
        else None,
        _affected(release, others),
        id="cause",
        class_=f"cause {tone(first.status)}",
        aria_labelledby=f"{failure_anchor(first)}-title",
    )


def _outcome(release: Release, *, region: str | None) -> Markup:
    page = links.workflow_execution(release.execution_arn, region=region)
    way = link(page, "Open the workflow execution") if page else None
    return element(
        "section",
        element(
            "h2",
            icon(release.status),
            element("span", _TITLES[release.status]),
            id="cause-title",
        ),
        _why(release),
        element("p", element("span", way, class_="button"), class_="links") if way else None,
        _affected(release, broken(release)),
        id="cause",
        class_=f"cause {tone(release.status)}",
        aria_labelledby="cause-title",
    )


def _why(release: Release) -> Content:
    why = release.why or "no reason was given"
    problems = problems_in(why)
    if release.status is not ReleaseStatus.REJECTED or not problems:
        return in_full(with_names(why), key="cause-reason")
    items = [element("li", isolated(each), class_="said") for each in problems]
    return [
        element("p", isolated(why.partition("\n")[0]), class_="said"),
        element("ul", items, class_="problems"),
    ]


def further_failures(release: Release, *, region: str | None) -> Markup | None:
    """Each failure that is not the first cause, in full."""
    found = broken(release)
    shown = found if explains_itself(release) else found[1:]
    cards = [_failure(each, region=region, title="h3") for each in shown]
    return joined(cards) if cards else None


def failures_title(release: Release) -> str:
    """The title of the section of further failures."""
    return "What was stopped" if explains_itself(release) else "What else did not succeed"


def _failure(
    pipeline: Pipeline, *, region: str | None, title: str, is_first: bool = False
) -> Markup:
    failure, key = pipeline.failure, failure_anchor(pipeline)
    name = element("a", isolated(pipeline.name), href=f"#{anchor(pipeline)}")
    first = " first" if is_first else ""
    said = failure.message or failure.summary if failure else None
    if said and (pipeline.approval or was_stopped(pipeline)):
        # The release machine has written it; a message of AWS keeps its ARNs.
        said = with_names(said)
    return element(
        "article",
        element(
            title,
            icon(pipeline.status),
            element("span", name, f" {how_it_ended(pipeline)}{first}"),
            id=f"{key}-title",
        ),
        _where(pipeline),
        in_full(said or "no reason was given", key=f"{key}-reason", most=LONG_FOR_A_HEAD),
        _way_there(pipeline, region=region),
        _more(pipeline, region=region),
        id=key,
        class_="failure",
    )


def _where(pipeline: Pipeline) -> Markup | None:
    failure = pipeline.failure
    stage, action = (failure.stage, failure.action) if failure else (None, None)
    time = brief(pipeline.started_at, pipeline.ended_at)
    known: list[Content] = [
        ["Stage ", element("b", isolated(stage))] if stage else None,
        ["action " if stage else "Action ", element("b", isolated(action))] if action else None,
        element("span", f"after {time}", class_="lasted") if time else None,
    ]
    shown = [part for part in known if part]
    if not shown:
        return None
    dot = element("span", " · ", class_="lasted")
    return element(
        "p", [[dot if at else None, each] for at, each in enumerate(shown)], class_="where"
    )


def _way_there(pipeline: Pipeline, *, region: str | None) -> Markup | None:
    """The page that shows more: of the action, or else of the execution."""
    url = pipeline.failure.link if pipeline.failure else None
    page = links.pipeline_execution(pipeline.name, pipeline.execution_id, region=region)
    if url and is_web_address(url):
        there: Content = [
            element("span", link(url, "Open the action"), class_="button"),
            element("span", link(page, "Execution")) if page else None,
        ]
    elif page:
        there = element("span", link(page, "Open the execution"), class_="button")
    else:
        return None
    return element("p", there, class_="links")


def _more(pipeline: Pipeline, *, region: str | None) -> Markup:
    key = f"{failure_anchor(pipeline)}-more"
    facts = facts_list(_facts(pipeline, region=region))
    return element("details", element("summary", "More about it"), facts, id=key, class_="facts-of")


def _facts(pipeline: Pipeline, *, region: str | None) -> Iterator[tuple[str, Content]]:
    failure = pipeline.failure
    yield "Started (UTC)", moment(pipeline.started_at)
    yield "Ended (UTC)", moment(pipeline.ended_at)
    if failure:
        yield "Code", isolated(failure.code)
        if failure.message and failure.summary and failure.summary not in failure.message:
            key = f"{failure_anchor(pipeline)}-summary"
            yield "Summary", in_full(failure.summary, key=key)
        yield "Address", _address(failure.link)
    yield "Execution", execution(pipeline.name, pipeline.execution_id, region=region)
    if pipeline.retried:
        yield "Retries", retries(pipeline)


def _address(url: str | None) -> Content:
    # An address that is not a web page is shown as text.
    return link(url, element("span", breakable(url), class_="arn")) if url else None


def _affected(release: Release, others: Sequence[Pipeline]) -> Markup | None:
    """The other failures, and what did not start, in numbers and names."""
    stopped = [each for each in others if was_stopped(each)]
    failed = [each for each in others if each not in stopped]
    lines = [
        _named(failed, "more did not succeed", to=failure_anchor),
        _named(stopped, "stopped", to=failure_anchor),
        _named(skipped(release), "skipped", to=anchor),
    ]
    found = [line for line in lines if line]
    return element("ul", found, class_="affected") if found else None


def _named(nodes: Sequence[Pipeline], what: str, *, to: Callable[[Pipeline], str]) -> Content:
    if not nodes:
        return None
    shown = nodes[:MOST_NAMES]
    names = [
        [", " if at else None, element("a", isolated(each.name), href=f"#{to(each)}")]
        for at, each in enumerate(shown)
    ]
    more = f" and {len(nodes) - len(shown)} more" if len(nodes) > len(shown) else None
    return element("li", element("b", f"{len(nodes)} {what}"), ": ", names, more)
