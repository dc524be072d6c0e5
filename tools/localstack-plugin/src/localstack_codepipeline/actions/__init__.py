"""The providers of actions and rules that the emulator can run, one module each."""

from collections.abc import Callable
from typing import Any

from localstack_codepipeline.actions import (
    approval,
    lambda_invoke,
    pipeline_invoke,
    rule,
    s3_deploy,
    s3_source,
)
from localstack_codepipeline.actions.failures import ActionError
from localstack_codepipeline.model import ActionResult, RunAction

# Gives a client of a service, by its name, in the pipeline's account and the action's Region.
type Clients = Callable[[str], Any]

PROVIDERS: dict[tuple[str, str, str], Callable[[RunAction, Clients], ActionResult | None]] = {
    ("Source", "AWS", "S3"): s3_source.run,
    ("Deploy", "AWS", "S3"): s3_deploy.run,
    ("Invoke", "AWS", "Lambda"): lambda_invoke.run,
    ("Invoke", "AWS", "CodePipeline"): pipeline_invoke.run,
    ("Approval", "AWS", "Manual"): approval.run,
    ("Rule", "AWS", "LambdaInvoke"): lambda_invoke.run,
    ("Rule", "AWS", "CloudWatchAlarm"): rule.run,
    ("Rule", "AWS", "CodeBuild"): rule.run,
    ("Rule", "AWS", "Commands"): rule.run,
    ("Rule", "AWS", "DeploymentWindow"): rule.run,
}


def run_action(action: RunAction, clients: Clients) -> ActionResult | None:
    """Run an action. None means that its result comes later, through the API.

    Raises botocore's ClientError with the error of a service.
    """
    run = PROVIDERS.get((action.category, action.owner, action.provider))
    if run is None:
        kind = f"{action.category}/{action.owner}/{action.provider}"
        known = ", ".join("/".join(key) for key in PROVIDERS if key[0] != "Rule")
        return ActionResult(
            "ConfigurationError", f"This emulator cannot run {kind} actions; it can run {known}"
        )
    try:
        return run(action, clients)
    except ActionError as error:
        return error.result
