"""Why the release did not succeed: each pipeline that ran and failed, in full."""

from collections.abc import Iterator

from release_core.domain.release import Pipeline, PipelineStatus, Release
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
from release_machine.report.parts import anchor, execution, facts_list, in_full, retries
from release_machine.report.statuses import badge


def failures(release: Release, *, region: str | None) -> Markup | None:
    """Each failure in full; skipped pipelines are only in the table."""
    found = [_failure(each, region=region) for each in broken(release)]
    return joined(found) if found else None


def failures_title(release: Release) -> str:
    """The title of the section."""
    only_stopped = {each.status for each in broken(release)} == {PipelineStatus.STOPPED}
    return "What was stopped" if only_stopped else "What failed"


def broken(release: Release) -> list[Pipeline]:
    """The pipelines that ran and did not succeed."""
    return [each for each in release.pipelines.values() if each.status.broken]


def _failure(pipeline: Pipeline, *, region: str | None) -> Markup:
    name = element("a", isolated(pipeline.name), href=f"#{anchor(pipeline)}")
    failure = pipeline.failure
    return element(
        "article",
        element("h3", name, " ", badge(pipeline.status)),
        in_full(failure.message or failure.summary or "no reason was given") if failure else None,
        facts_list(_facts(pipeline, region=region)),
        class_="failure",
    )


def _facts(pipeline: Pipeline, *, region: str | None) -> Iterator[tuple[str, Content]]:
    failure = pipeline.failure
    if failure:
        yield "Where", isolated(failure.place)
        yield "Code", isolated(failure.code)
        if failure.message and failure.summary and failure.summary not in failure.message:
            yield "Summary", in_full(failure.summary)
        yield "Details", _address(failure.link)
    yield "Execution", execution(pipeline.name, pipeline.execution_id, region=region)
    yield "Duration", brief(pipeline.started_at, pipeline.ended_at)
    if pipeline.retried:
        yield "Retries", retries(pipeline)


def _address(url: str | None) -> Content:
    if not url:
        return None
    # An address that is not a web page is shown as text.
    shown = element("span", breakable(url), class_="arn")
    return link(url, shown) if is_web_address(url) else shown
