"""The manual approval: publishes a request, which people answer through PutApprovalResult.

Source: the CodePipeline user guide, "JSON data format for manual approval notifications".
"""

import json
from collections.abc import Callable
from typing import Any

from localstack_codepipeline.model import ActionResult, RunAction


def run(action: RunAction, clients: Callable[[str], Any]) -> ActionResult | None:
    """Publish the request to the configured topic, if any; the answer comes through the API."""
    configuration = action.configuration
    if topic := configuration.get("NotificationArn"):
        approval = {
            "pipelineName": action.pipeline,
            "stageName": action.stage,
            "actionName": action.action,
            "token": action.token,
            "expires": action.deadline.strftime("%Y-%m-%dT%H:%MZ"),
            "externalEntityLink": configuration.get("ExternalEntityLink"),
            "approvalReviewLink": _link(action),
            "customData": configuration.get("CustomData"),
        }
        message = {"region": action.region, "consoleLink": _link(action), "approval": approval}
        clients("sns").publish(
            TopicArn=topic,
            Subject=f"APPROVAL NEEDED: {action.pipeline}"[:100],
            Message=json.dumps(message),
        )
    return None


def _link(action: RunAction) -> str:
    return f"https://console.aws.amazon.com/codepipeline/home?region={action.region}#/view/{action.pipeline}"
