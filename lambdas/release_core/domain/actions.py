"""An execution of one action of a pipeline, or of a rule of a stage condition."""

from datetime import datetime

from release_core.domain.declarations import SourceAction
from release_core.domain.manual_approvals import ManualApproval
from release_core.domain.release import Failure
from release_core.domain.revisions import Commit
from release_core.immutable import Immutable


class ActionRun(Immutable):
    """An execution of an action or a rule, as CodePipeline lists it.

    ``failure`` is set if the action failed or was abandoned, ``approval`` if the action is a manual
    approval, ``source`` if it is a source action. ``artifacts`` are the names of what it delivered,
    ``commit`` says whose commit that is, and ``version`` is that of the pipeline.
    """

    action_execution_id: str
    stage: str
    action: str
    started_at: datetime
    failure: Failure | None = None
    running: bool = False
    approval: ManualApproval | None = None
    source: SourceAction | None = None
    artifacts: tuple[str, ...] = ()
    commit: Commit | None = None
    version: int | None = None
