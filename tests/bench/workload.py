"""Pipelines that take as long as a benchmark wants, and releases of them."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from tests.bench.graphs import Graph
from tests.e2e.account.account import Account, account_from_environment
from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

# The deployment of `make bench` has the pattern bench-*. Events of other names reach no function.
RELEASED, UNSEEN = "bench-", "unseen-"
MAKERS = 8
LONGEST_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow execution that has ended, and the pipeline executions that it has started."""

    arn: str
    status: str
    started: datetime
    ended: datetime
    begins: Mapping[str, datetime]
    ends: Mapping[str, datetime]

    @property
    def seconds(self) -> float:
        """From the start of the workflow execution to its end."""
        return (self.ended - self.started).total_seconds()

    @property
    def after_pipelines(self) -> float:
        """Seconds from the end of the last pipeline to the end of the workflow execution."""
        return self.after_last(self.ended)

    @property
    def durations(self) -> dict[str, float]:
        """The seconds that CodePipeline took for each pipeline."""
        return {
            name: (self.ends[name] - begin).total_seconds() for name, begin in self.begins.items()
        }

    def after_last(self, moment: datetime) -> float:
        """Seconds from the end of the last pipeline to a moment."""
        return (moment - max(self.ends.values())).total_seconds()


@dataclass
class Workload:
    """Makes pipelines, lends them to the releases of one benchmark, and deletes them."""

    account: Account
    faults: Faults
    releases: Releases
    _pipelines: Pipelines
    _made: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def in_environment(cls) -> "Workload":
        """Use the deployment that the environment names."""
        account = account_from_environment()
        releases = Releases(account, Ledger(account))
        return cls(account, Faults(account), releases, Pipelines.in_account(account))

    def delete(self) -> None:
        """Delete all pipelines: an account can have a thousand."""
        delete = self.account.codepipeline.delete_pipeline
        with ThreadPoolExecutor(MAKERS) as threads:
            list(threads.map(lambda name: delete(name=name), chain(*self._made.values())))

    def pipelines(self, count: int, prefix: str = RELEASED) -> list[str]:
        """Return as many pipelines, new ones if there are too few."""
        made = self._made.setdefault(prefix, [])
        if missing := count - len(made):
            maker = replace(self._pipelines, prefix=prefix)
            # The execution with which AWS starts a new pipeline belongs to no release.
            with self.faults.silence(), ThreadPoolExecutor(MAKERS) as threads:
                made += threads.map(lambda _: maker.make(), range(missing))
        return made[:count]

    @contextmanager
    def lasting(self, seconds: Mapping[str, float]) -> Iterator[None]:
        """Let the next execution of each pipeline take as many seconds longer."""
        with ExitStack() as stack:
            for pipeline, delay in seconds.items():
                stack.enter_context(
                    self.faults.action("delay", pipeline=pipeline, seconds=delay, times=1)
                )
            yield

    def inline(self) -> str:
        """Make a variant of the state machine whose history shows the tasks of the pipelines.

        LocalStack shows no history of the children of a Distributed Map.
        """
        return Machines(self.account).inline()

    def start(self, graph: Graph, *, machine: str | None = None) -> str:
        """Hand in a manifest of a graph; return the workflow execution."""
        nodes: list[str | dict[str, object]] = [
            {"name": name, "dependsOn": list(needed)} if needed else name
            for name, needed in graph.items()
        ]
        return self.releases.start(manifest(unique("bench"), *nodes), machine=machine)

    def end(self, arn: str, pipelines: Sequence[str]) -> Run:
        """Wait for the end of a workflow execution that has released these pipelines."""
        described = self.releases.end(arn, seconds=LONGEST_SECONDS)
        newest = {name: self._pipelines.newest(name) for name in pipelines}
        return Run(
            arn=arn,
            status=described["status"],
            started=described["startDate"],
            ended=described["stopDate"],
            begins={name: each["startTime"] for name, each in newest.items()},
            ends={name: each["lastUpdateTime"] for name, each in newest.items()},
        )

    def release(self, graph: Graph, *, machine: str | None = None) -> Run:
        """Release a graph and wait for its end, which must be a success."""
        run = self.end(self.start(graph, machine=machine), list(graph))
        assert run.status == "SUCCEEDED", f"{run.arn} ended as {run.status}"
        return run


@contextmanager
def own_workload() -> Iterator[Workload]:
    """Give a workload in the deployment that the environment names; delete it at the end."""
    workload = Workload.in_environment()
    try:
        yield workload
    finally:
        workload.delete()
