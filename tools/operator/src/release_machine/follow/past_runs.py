"""The durations of the latest successful executions of pipelines, read in the background."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from release_core.aws.execution_history import ExecutionHistory
from release_core.plan.survey import PipelineFacts
from release_machine.deployment.aws_problems import explained
from release_machine.errors import UnreachableError
from release_machine.release.estimating import Past

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

# The release machine needs the account's quotas of CodePipeline more than a view does.
_AT_ONCE = 2


class PastRuns:
    """Reads the durations once, in threads: the view must not wait for a thousand answers."""

    def __init__(self, codepipeline: CodePipelineClient, *, pool: Executor | None = None) -> None:
        self._history = ExecutionHistory(codepipeline)
        self._pool = pool or ThreadPoolExecutor(_AT_ONCE)
        self._reads: dict[str, Future[Sequence[timedelta] | None]] = {}

    def of(self, pipelines: Iterable[str]) -> Past:
        """The durations that are known by now, latest first; each pipeline is read once.

        They are None for a pipeline that could not be read, and the view then shows no estimate.
        """
        for name in pipelines:
            if name not in self._reads:
                self._reads[name] = self._pool.submit(self._read, name)
        return {name: read.result() for name, read in self._reads.items() if read.done()}

    def close(self) -> None:
        """Read no more pipelines."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, pipeline: str) -> Sequence[timedelta] | None:
        try:
            with explained():
                executions = self._history.recent(pipeline)
        except UnreachableError:
            return None
        return PipelineFacts(executions=tuple(executions)).durations
