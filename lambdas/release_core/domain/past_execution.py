"""The executions of a pipeline, and their actions, as CodePipeline's history lists them."""

from dataclasses import dataclass
from datetime import datetime

from release_core.domain.execution import ExecutionState


@dataclass(frozen=True, kw_only=True)
class PastExecution:
    """An execution in the list of its pipeline; ``state`` is None while it is in progress.

    ``rollback_to`` is set for a rollback of a stage by CodePipeline: the execution whose revisions
    it ships again. ``undoes`` is set if CodePipeline rolled back by itself: a text with the id of
    the execution that failed.
    """

    execution_id: str
    state: ExecutionState | None
    started_at: datetime
    updated_at: datetime
    rollback_to: str | None = None
    undoes: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the execution has shipped what it was started with."""
        return self.state is ExecutionState.SUCCEEDED

    @property
    def runs(self) -> bool:
        """Whether the execution may still ship something."""
        return self.state is None or not self.state.ended


@dataclass(frozen=True, kw_only=True)
class BegunAction:
    """An action that an execution has begun; ``version`` is that of the pipeline's declaration.

    ``category`` and ``version`` are None where CodePipeline does not name them.
    """

    execution_id: str
    category: str | None
    version: int | None
    failed: bool
