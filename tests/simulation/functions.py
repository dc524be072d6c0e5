"""The real functions, put together as their handlers do, on clients that the scheduler answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from release_core.advance import Advance
from release_core.closing import CloseRelease
from release_core.codepipeline import CodePipeline
from release_core.ledger import Ledger, LedgerTables
from release_core.opening import OpenRelease
from release_core.opening_ledger import OpeningLedger
from release_core.recording import RecordStateChange
from release_core.running import RunPipeline
from release_core.tokens import Tokens
from tests.simulation.calls import Conversation, Program

LOOK_AFTER_SECONDS = 3600
TABLES = LedgerTables(
    releases="releases",
    executions="executions",
    pipelines="pipelines",
    retention=timedelta(days=400),
)
# How long Lambda lets each function run, as infra/ sets it.
TIMEOUTS = {
    "open_release": timedelta(seconds=30),
    "run_pipeline": timedelta(seconds=60),
    "record_state_change": timedelta(seconds=60),
    "close_release": timedelta(seconds=120),
}


def deployed_name(function: str) -> str:
    """Return what a function is called at AWS."""
    return f"release-machine-{function.replace('_', '-')}"


def make_program(function: str, payload: Any, invocation: str) -> Program:
    """Return the invocation of a function with a payload, as its handler would run it."""

    def run(conversation: Conversation) -> Any:
        return _HANDLERS[function](conversation, payload, invocation)

    return run


def _open_release(conversation: Conversation, payload: Any, _invocation: str) -> Any:
    open_release = OpenRelease(
        step_functions=conversation.client("stepfunctions"),
        s3=conversation.client("s3"),
        codepipeline=CodePipeline(conversation.client("codepipeline")),
        ledger=OpeningLedger(
            conversation.client("dynamodb"),
            TABLES.releases,
            clock=conversation.clock,
            who=deployed_name("open_release"),
        ),
        look_after_seconds=LOOK_AFTER_SECONDS,
    )
    return open_release(payload["execution_arn"])


def _run_pipeline(conversation: Conversation, payload: Any, invocation: str) -> None:
    ledger = _ledger(conversation, "run_pipeline")
    run_pipeline = RunPipeline(
        ledger=ledger, advance=_advance(conversation, ledger, f"run_pipeline/{invocation}")
    )
    run_pipeline(payload["release_id"], payload["pipeline"], payload["task_token"])


def _record_state_change(conversation: Conversation, payload: Any, invocation: str) -> None:
    ledger = _ledger(conversation, "record_state_change")
    record_state_change = RecordStateChange(
        ledger=ledger,
        advance=_advance(conversation, ledger, f"record_state_change/{invocation}"),
        clock=conversation.clock,
    )
    record_state_change(payload)


def _close_release(conversation: Conversation, payload: Any, invocation: str) -> Any:
    ledger = _ledger(conversation, "close_release")
    close_release = CloseRelease(
        ledger=ledger,
        advance=_advance(conversation, ledger, f"close_release/{invocation}"),
        events=conversation.client("events"),
        event_bus="default",
    )
    if "release_id" in payload:
        return close_release.at_end(payload["release_id"])
    close_release.when_ended(payload)
    return None


_HANDLERS: dict[str, Callable[[Conversation, Any, str], Any]] = {
    "open_release": _open_release,
    "run_pipeline": _run_pipeline,
    "record_state_change": _record_state_change,
    "close_release": _close_release,
}


def _ledger(conversation: Conversation, function: str) -> Ledger:
    return Ledger(
        conversation.client("dynamodb"),
        TABLES,
        clock=conversation.clock,
        who=deployed_name(function),
    )


def _advance(conversation: Conversation, ledger: Ledger, starter: str) -> Advance:
    function, _, invocation = starter.partition("/")
    return Advance(
        ledger=ledger,
        codepipeline=CodePipeline(conversation.client("codepipeline")),
        tokens=Tokens(conversation.client("stepfunctions")),
        clock=conversation.clock,
        starter=f"{deployed_name(function)}/{invocation}",
    )
