"""Pipelines with a manual approval, people who answer it, and looks that show it late."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fakes.service import copied
from tests.worlds.release_world import ReleaseWorld, declaration

ADA = "arn:aws:sts::000000000000:assumed-role/releasers/ada"
PLACE = {"pipelineName": "orders", "stageName": "Approve", "actionName": "Ask"}


def gated(
    *beside: dict[str, Any], name: str = "orders", mode: str = "SUPERSEDED"
) -> dict[str, Any]:
    """A pipeline with an approval, and other actions ``beside`` it, in one stage."""
    kind = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    asks = {"name": "Ask", "actionTypeId": kind, "runOrder": 1}
    pipeline = declaration(name) | {"executionMode": mode}
    pipeline["stages"].insert(1, {"name": "Approve", "actions": [asks, *beside]})
    return pipeline


def deploys_beside() -> dict[str, Any]:
    """A deploy action that runs at the same time as the approval."""
    copies: dict[str, Any] = declaration("orders")["stages"][1]["actions"][0]
    return copies | {"name": "Preview"}


def ask(world: ReleaseWorld) -> str:
    """Let the source run until the approval asks; return the token that answers it."""
    world.finish(world.fetch("orders"))
    (waiting,) = [each for each in world.codepipeline.actions.values() if each.action == "Ask"]
    return waiting.token


def answer(world: ReleaseWorld, token: str, status: str, words: str = "not today") -> None:
    """Answer the approval as Ada, and deliver no event."""
    ours, world.codepipeline.caller = world.codepipeline.caller, ADA
    result = {"status": status, "summary": words}
    world.codepipeline.put_approval_result(**PLACE, token=token, result=result)
    world.codepipeline.caller = ours


@contextmanager
def listed_late(world: ReleaseWorld) -> Iterator[None]:
    """Let ListActionExecutions show what it shows now, while the block runs."""
    with _late(world, "list_action_executions"):
        yield


@contextmanager
def state_late(world: ReleaseWorld) -> Iterator[None]:
    """Let GetPipelineState show what it shows now, while the block runs."""
    with _late(world, "get_pipeline_state"):
        yield


@contextmanager
def _late(world: ReleaseWorld, method: str) -> Iterator[None]:
    name = {"name": "orders"} if method == "get_pipeline_state" else {"pipelineName": "orders"}
    shown = getattr(world.codepipeline, method)(**name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.codepipeline, method, lambda **_: copied(shown), raising=False)
        yield
