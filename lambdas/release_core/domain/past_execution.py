"""The executions of a pipeline, and their actions, as CodePipeline's history lists them."""

import json
from datetime import datetime

from release_core.domain.execution import ExecutionState
from release_core.domain.revisions import Revision
from release_core.immutable import Immutable

_STARTED = "StartPipelineExecution"  # the trigger of a start by a function or a person


class PastExecution(Immutable):
    """An execution in the list of its pipeline; ``state`` is None while it is in progress.

    ``rollback_to`` is set for a rollback of a stage by CodePipeline: the execution whose revisions
    it ships again. ``undoes`` is set if CodePipeline rolled back by itself: a text with the id of
    the execution that failed. ``trigger`` is the type of what started it, ``trigger_detail`` the
    user, rule or webhook. ``revisions`` are those of its source actions, without their artifacts.
    Unless it is ``parallel``, it waits in each stage for the executions that began before it.
    """

    execution_id: str
    state: ExecutionState | None
    started_at: datetime
    updated_at: datetime
    rollback_to: str | None = None
    undoes: str | None = None
    trigger: str | None = None
    trigger_detail: str | None = None
    revisions: tuple[Revision, ...] = ()
    parallel: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the execution has shipped what it was started with."""
        return self.state is ExecutionState.SUCCEEDED

    @property
    def may_be_of_a_release(self) -> bool:
        """Whether a release may have started it, or what it goes back to."""
        return self.trigger in {None, _STARTED} or self.rollback_to is not None

    @property
    def started_by(self) -> str | None:
        """The user, rule or webhook that started it, if its trigger names any."""
        detail = self.trigger_detail
        if not detail or not detail.startswith("{"):
            return detail
        # Of a rollback the detail is a JSON object, which also may name an execution.
        try:
            user = json.loads(detail).get("AwsUserArn")
        except (ValueError, RecursionError):
            return detail
        return user if isinstance(user, str) else None

    @property
    def runs(self) -> bool:
        """Whether the execution may still ship something."""
        return self.state is None or not self.state.ended


class BegunAction(Immutable):
    """An action that an execution has begun; ``version`` is that of the pipeline's declaration.

    ``category`` and ``version`` are None where CodePipeline does not name them.
    """

    execution_id: str
    category: str | None
    version: int | None
    failed: bool
