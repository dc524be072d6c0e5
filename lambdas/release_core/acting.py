"""What one invocation of a function decides and applies with."""

from release_core.advance import Advance
from release_core.clients import client, function_name
from release_core.clock import now
from release_core.codepipeline import CodePipeline
from release_core.ledger import Ledger
from release_core.tokens import Tokens


def make_advance(ledger: Ledger, request_id: str) -> Advance:
    """The advance of the invocation with this request id."""
    return Advance(
        ledger=ledger,
        codepipeline=CodePipeline(client("codepipeline")),
        tokens=Tokens(client("stepfunctions")),
        clock=now,
        actor=f"{function_name()}/{request_id}",
    )
