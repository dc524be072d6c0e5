"""Reads what an execution in a pipeline's history has shipped, whoever started it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from botocore.exceptions import ClientError

from release_core.aws.codepipeline import CodePipeline, is_permanent
from release_core.decide.bill_of_materials import bill_of_materials
from release_core.decide.skips import skipped_stages
from release_core.domain.actions import ActionRun
from release_core.domain.automation import Skippable
from release_core.domain.past_execution import PastExecution
from release_core.domain.revisions import Good
from release_core.immutable import Immutable
from release_core.logs import about, log_of

log = log_of(__name__)


class ShippedReader(Immutable):
    """Reads executions that succeeded.

    A ``lenient`` reader goes on if the caller may not list the actions of an execution: then the
    deployment counts as not skipped, and the revisions have no source actions.
    """

    codepipeline: CodePipeline
    lenient: bool = False

    def was_skipped(
        self, pipeline: str, execution: PastExecution, known: Skippable | None = None
    ) -> bool:
        """Whether CodePipeline skipped the deployment of an execution that succeeded.

        ``known`` is what a version of the pipeline declares; another version is read.
        """
        if execution.rollback_to:
            return False  # a rollback by CodePipeline runs only one stage
        actions = self._actions(pipeline, execution.execution_id)
        version = next((run.version for run in actions), None)
        if known is None or known.version != version:
            known = self.codepipeline.skippable(pipeline, version)
        return any(each.deploys for each in skipped_stages(known, actions) if actions)

    def good(self, pipeline: str, execution_id: str, *, at: datetime) -> Good:
        """What an execution has shipped that succeeded ``at`` this time, of no release."""
        good = Good(release_id=None, execution_id=execution_id, at=at)
        seen = self.codepipeline.get_execution(pipeline, execution_id)
        if seen is None:
            return good
        actions = self._actions(pipeline, execution_id)
        shipped = bill_of_materials(seen.shipped, actions).kept
        return replace(
            good,
            revisions=tuple(shipped.revisions),
            variables=shipped.variables,
            unrecorded_bytes=shipped.unrecorded_bytes,
        )

    def variables(self, pipeline: str, execution_id: str) -> Mapping[str, str] | None:
        """The variables of an execution; None if CodePipeline has forgotten it."""
        seen = self.codepipeline.get_execution(pipeline, execution_id)
        return seen.variables if seen else None

    def _actions(self, pipeline: str, execution_id: str) -> Sequence[ActionRun]:
        """The executions of actions; a lenient reader has none if a retry cannot read them."""
        try:
            return self.codepipeline.action_runs(pipeline, execution_id)
        except ClientError as error:
            if not self.lenient or not is_permanent(error):
                raise
            with about(pipeline=pipeline, execution_id=execution_id):
                log.warning("could not list the actions of %s: %s", pipeline, error)
            return ()
