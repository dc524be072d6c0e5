"""A rule whose resource the emulator does not look at: it succeeds unless a fault is set."""

from collections.abc import Callable
from typing import Any

from localstack_codepipeline.model import ActionResult, RunAction


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult:
    """Succeed; a fault of the kind `rule` lets it fail or wait."""
    return ActionResult(summary=f"The emulator does not check {action.provider}: no fault is set")
