"""The composition root: creates the parts of the machine from AWS clients, on first use."""

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from release_core.apply.advance import Advance
from release_core.apply.announcer import Announcer
from release_core.apply.calendar_gate import CalendarGate
from release_core.apply.expiry import Expiry
from release_core.apply.hangs import Hangs
from release_core.apply.late_announcements import LateAnnouncements
from release_core.apply.orphans import Orphans
from release_core.aws.calendars import Calendars
from release_core.aws.clients import (
    InParallel,
    client,
    client_brief,
    client_once,
    client_paced,
    client_short,
    function_name,
    in_parallel,
    one_by_one,
)
from release_core.aws.codepipeline import CodePipeline
from release_core.aws.event_bus import Bus
from release_core.aws.execution_history import ExecutionHistory
from release_core.aws.step_functions import StepFunctions
from release_core.clock import Clock, now
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger
from release_core.ledger.reader import LedgerReader, LedgerTables
from release_core.metrics import Metrics, write_line
from release_core.rollback.reader import RollbackReader
from release_core.rollback.shipped import ShippedReader
from release_core.settings import FunctionSettings

if TYPE_CHECKING:
    from release_core.live.reader import LiveReader


class ReadingParts(Immutable):
    """The parts that only read; ``client`` returns the client of an AWS service by its name.

    ``client_once`` returns a client that sends each request once, and ``client_brief`` returns one
    that gives up soon. ``patterns`` match the names of the pipelines that this deployment may
    release, and ``change_calendars`` are the calendars that must be open.
    """

    client: Callable[[str], Any]
    client_once: Callable[[str], Any] | None = None
    client_brief: Callable[[str], Any] | None = None
    tables: LedgerTables
    clock: Clock
    patterns: tuple[str, ...] = ("*",)
    change_calendars: tuple[str, ...] = ()
    in_parallel: InParallel = one_by_one

    @cached_property
    def reader(self) -> LedgerReader:
        """The ledger for people: it reads no task tokens."""
        return LedgerReader(self.client("dynamodb"), self.tables, for_people=True)

    @cached_property
    def codepipeline(self) -> CodePipeline:
        """CodePipeline."""
        return CodePipeline(
            self.client("codepipeline"),
            once=self.client_once("codepipeline") if self.client_once else None,
            patterns=self.patterns,
            in_parallel=self.in_parallel,
        )

    @cached_property
    def rollbacks(self) -> RollbackReader:
        """What a rollback is made of."""
        return RollbackReader(
            ledger=self.reader,
            codepipeline=self.codepipeline,
            history=self.history,
            in_parallel=self.in_parallel,
        )

    @cached_property
    def history(self) -> ExecutionHistory:
        """CodePipeline's history of executions."""
        return ExecutionHistory(self.client("codepipeline"))

    @cached_property
    def live(self) -> "LiveReader":
        """What is live in pipelines."""
        # Only plans need it: the other functions would load it at each cold start.
        from release_core.live.reader import LiveReader  # noqa: PLC0415

        return LiveReader(
            ledger=self.reader,
            history=self.history,
            shipped=ShippedReader(codepipeline=self.codepipeline),
            in_parallel=self.in_parallel,
        )

    @cached_property
    def calendars(self) -> Calendars | None:
        """The change calendars, or None if the deployment has none."""
        if not self.change_calendars:
            return None
        return Calendars(lambda: self.brief_client("ssm"), self.change_calendars)

    def brief_client(self, service: str) -> Any:
        """A client that gives up soon, for what a function can do without."""
        return (self.client_brief or self.client)(service)

    @cached_property
    def step_functions(self) -> StepFunctions:
        """Step Functions."""
        return StepFunctions(self.client("stepfunctions"))


class FunctionParts(ReadingParts):
    """The parts of one function; ``name`` is the function's name.

    ``write_metrics`` writes a line with metrics to the log. ``client_short`` returns a client that
    gives up within seconds. The parts serve one invocation.
    """

    name: str
    deployment: str
    retention: timedelta
    event_bus: str
    write_metrics: Callable[[str], None]
    client_short: Callable[[str], Any] | None = None

    @classmethod
    def of(
        cls,
        settings: FunctionSettings,
        *,
        patterns: tuple[str, ...] = ("*",),
        paced: bool = False,
    ) -> Self:
        """The parts of this Lambda function, with boto3's clients.

        ``paced`` clients slow down while AWS throttles.
        """
        return cls(
            client=client_paced if paced else client,
            client_once=client_once,
            client_brief=client_brief,
            tables=LedgerTables(
                releases=settings.releases_table,
                executions=settings.executions_table,
                pipelines=settings.pipelines_table,
            ),
            clock=now,
            patterns=patterns,
            change_calendars=settings.change_calendars,
            in_parallel=in_parallel,
            name=function_name(),
            deployment=settings.deployment,
            retention=timedelta(days=settings.record_retention_days),
            event_bus=settings.event_bus,
            write_metrics=write_line,
            client_short=client_short,
        )

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger; its audit entries name this function."""
        return Ledger(
            self.client("dynamodb"),
            self.tables,
            clock=self.clock,
            who=self.name,
            retention=self.retention,
        )

    @cached_property
    def metrics(self) -> Metrics:
        """Writes what this function measures."""
        return Metrics(self.deployment, clock=self.clock, write=self.write_metrics)

    @cached_property
    def bus(self) -> Bus:
        """The event bus for announcements."""
        return Bus((self.client_short or self.client)("events"), self.event_bus)

    @cached_property
    def announcer(self) -> Announcer:
        """Announces what happens to releases."""
        return Announcer(ledger=self.ledger, bus=self.bus, deployment=self.deployment)

    @cached_property
    def orphans(self) -> Orphans:
        """Closes releases whose workflow execution ended without closing them."""
        return Orphans(
            ledger=self.ledger,
            step_functions=self.step_functions,
            bus=self.bus,
            clock=self.clock,
            metrics=self.metrics,
        )

    def expiry(self, release_retention_days: int) -> Expiry:
        """Deletes releases so many days after their close; 0 keeps them for ever."""
        days = release_retention_days
        retention = timedelta(days=days) if days else None
        return Expiry(ledger=self.ledger, clock=self.clock, retention=retention)

    @cached_property
    def late_announcements(self) -> LateAnnouncements:
        """Announces what should have been announced before."""
        return LateAnnouncements(ledger=self.ledger, announcer=self.announcer, clock=self.clock)

    @cached_property
    def hangs(self) -> Hangs:
        """Measures whether releases hang."""
        return Hangs(ledger=self.ledger, clock=self.clock, metrics=self.metrics)

    def advance(self, invocation: str) -> Advance:
        """Decides and applies, for the invocation with this request id."""
        return Advance(
            ledger=self.ledger,
            codepipeline=self.codepipeline,
            step_functions=self.step_functions,
            orphans=self.orphans,
            announcer=self.announcer,
            calendars=CalendarGate(calendars=self.calendars, clock=self.clock),
            clock=self.clock,
            metrics=self.metrics,
            actor=f"{self.name}/{invocation}",
        )
