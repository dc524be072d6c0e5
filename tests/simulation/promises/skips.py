"""The promises about stages that CodePipeline skips."""

from localstack_codepipeline.model.state import Execution
from tests.simulation.world.happenings import Happening, Violated, value


def was_skipped(execution: Execution) -> bool:
    """Whether CodePipeline has skipped the deployment of an execution."""
    deployment = execution.stages.get("Deploy")
    return deployment is not None and deployment.status == "Skipped"


def succeeded_for_good(execution: Execution) -> bool:
    """Whether an execution has succeeded and deployed."""
    return execution.status == "Succeeded" and not was_skipped(execution)


def skips_are_on_record(happening: Happening) -> None:
    """A pipeline that has succeeded has on record whether its deployment was skipped.

    With onSkipped fail it has not succeeded then, and it fails for this reason only then.
    """
    changed = happening.changed_status
    execution_id = value(happening.after, "execution_id")
    if not (happening.node and changed and execution_id) or happening.after is None:
        return
    execution = happening.world.stores.execution(happening.node, execution_id)
    skipped, told = was_skipped(execution), "skipped_stages" in happening.after
    if changed[1] == "SUCCEEDED" and skipped != told:
        raise Violated("skips_are_on_record", f"{execution_id} skipped: {skipped}")
    refused = skipped and value(happening.header, "on_skipped") == "fail"
    if (changed[1] == "SUCCEEDED" and refused) or (told and changed[1] == "FAILED" and not refused):
        raise Violated("skips_are_on_record", f"{execution_id} {changed[1]}, skipped: {skipped}")
