"""Links for failures that have no link of their own."""

from dataclasses import replace

from release_core.domain.release import Pipeline, Release
from release_machine.text.console_links import pipeline_execution


def with_links(release: Release, *, region: str | None) -> Release:
    """The release with a link in each failure, at least to the execution in the console.

    Nothing changes without a console, which is ``region`` None.
    """
    if region is None:
        return release
    pipelines = {name: _with_link(each, region=region) for name, each in release.pipelines.items()}
    return replace(release, pipelines=pipelines)


def _with_link(pipeline: Pipeline, *, region: str) -> Pipeline:
    if pipeline.failure is None or pipeline.failure.link:
        return pipeline
    page = pipeline_execution(pipeline.name, pipeline.execution_id, region=region)
    return replace(pipeline, failure=replace(pipeline.failure, link=page))
