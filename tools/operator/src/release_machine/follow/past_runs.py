"""How long the latest successful executions of pipelines took, read once and aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from release_core.plan.survey import durations_of
from release_machine.deployment.aws_problems import explained
from release_machine.errors import UnreachableError
from release_machine.release.estimating import Past

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

# CodePipeline's quotas are the account's: the release machine needs them more.
_AT_ONCE = 2
_LATEST = 50


class PastRuns:
    """Reads while a release is followed already: its view must not wait for a thousand answers."""

    def __init__(self, codepipeline: CodePipelineClient, *, pool: Executor | None = None) -> None:
        self._codepipeline = codepipeline
        self._pool = pool or ThreadPoolExecutor(_AT_ONCE)
        self._reads: dict[str, Future[Sequence[timedelta] | None]] = {}

    def of(self, pipelines: Iterable[str]) -> Past:
        """The durations that are known by now, the latest first; asks for each pipeline once.

        Of a pipeline that CodePipeline won't show they are None: the view is poorer, no more.
        """
        for name in pipelines:
            if name not in self._reads:
                self._reads[name] = self._pool.submit(self._read, name)
        return {name: read.result() for name, read in self._reads.items() if read.done()}

    def close(self) -> None:
        """Ask for nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, pipeline: str) -> Sequence[timedelta] | None:
        try:
            with explained():
                answer = self._codepipeline.list_pipeline_executions(
                    pipelineName=pipeline, maxResults=_LATEST
                )
        except UnreachableError:
            return None
        return durations_of(answer["pipelineExecutionSummaries"])
