"""CodePipeline's behaviour as a pure state machine: no clock, no threads, no I/O.

A `CodePipelineModel` takes calls and results of actions, and returns effects: events to emit,
actions to run, actions to abandon. Time is an argument and identifiers can count, so the
same inputs can give the same history. `model.execution` moves executions; `model.reading`
answers the read operations.
"""

from localstack_codepipeline.model.effects import (
    AbandonAction,
    ActionResult,
    Artifact,
    Effect,
    EmitEvent,
    Revision,
    RunAction,
    Wake,
)
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.service import Answer, CodePipelineModel

__all__ = [
    "AbandonAction",
    "ActionResult",
    "Answer",
    "ApiError",
    "Artifact",
    "CodePipelineModel",
    "Effect",
    "EmitEvent",
    "Revision",
    "RunAction",
    "Wake",
]
