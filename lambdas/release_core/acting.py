"""What one invocation of a function decides and applies with."""

from release_core.advance import Advance
from release_core.clients import client, function_name
from release_core.clock import now
from release_core.codepipeline import CodePipeline
from release_core.settings import FunctionSettings
from release_core.wiring import make_ledger, make_orphans


def make_advance(settings: FunctionSettings, request_id: str) -> Advance:
    """The advance of the invocation with this request id."""
    ledger = make_ledger(settings)
    orphans = make_orphans(settings, ledger)
    return Advance(
        ledger=ledger,
        codepipeline=CodePipeline(client("codepipeline")),
        tokens=orphans.tokens,
        orphans=orphans,
        clock=now,
        actor=f"{function_name()}/{request_id}",
    )
