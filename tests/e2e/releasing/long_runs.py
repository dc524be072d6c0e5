"""Releases that take most of a minute: they run beside the other tests and are looked at last."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.e2e.account.faults import Faults
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

# The SDK makes eight tries before its caller hears of it: about 40 s. Ten refusals need a second
# try of the workflow's task.
THROTTLES = 10


@dataclass
class LongRun:
    """A release that was started: its id, its execution and its only pipeline."""

    release_id: str
    pipeline: str
    execution_arn: str


@dataclass
class LongRuns:
    """Starts the releases; ``throttle`` is the id of the throttled one's fault."""

    releases: Releases
    pipelines: Pipelines
    faults: Faults
    throttled: LongRun = field(init=False)
    timed: LongRun = field(init=False)
    throttle: str = field(init=False)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Start them; their faults are in force until the end of the block."""
        self.timed = self._start({"name": self.pipelines.make(approval=True), "timeoutMinutes": 1})
        name = self.pipelines.make()
        with self.faults.api(
            "throttle", pipeline=name, operation="StartPipelineExecution", times=THROTTLES
        ) as self.throttle:
            self.throttled = self._start({"name": name})
            yield

    def _start(self, pipeline: dict[str, object]) -> LongRun:
        release_id = unique("long")
        arn = self.releases.start(manifest(release_id, pipeline, stopMode="abandon"))
        return LongRun(release_id, str(pipeline["name"]), arn)
