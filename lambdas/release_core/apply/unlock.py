"""Frees the lock of a pipeline."""

from release_core.aws.step_functions import StepFunctions
from release_core.ledger.ledger import Ledger


def unlock(
    ledger: Ledger,
    step_functions: StepFunctions,
    pipeline: str,
    execution_arn: str,
    *,
    ran_in: str | None = None,
) -> None:
    """Free the lock that this workflow execution holds, and wake the tasks that wait for it.

    ``ran_in`` is the release that ran the pipeline while it held the lock, if one did.
    """
    for waiter, token in ledger.locks.free(pipeline, execution_arn, ran_in=ran_in):
        step_functions.wake(token)
        ledger.locks.remove_waiter(pipeline, waiter, token)
