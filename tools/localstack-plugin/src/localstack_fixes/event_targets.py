"""Lets an EventBridge rule have any target that AWS accepts, and start a pipeline.

LocalStack answers PutTargets with status 500 for a target of a service that it does not know, and
Terraform repeats such a call for many minutes. AWS accepts the target:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Starts the pipelines that are targets; other unknown targets are accepted and get nothing."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.events.target import (  # noqa: PLC0415 - as above
        TargetSender,
        TargetSenderFactory,
    )
    from localstack.utils.aws.arns import extract_service_from_arn  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    class PipelineTargetSender(TargetSender):  # type: ignore[misc] # LocalStack ships without types
        def send_event(self, event: Any, _trace_header: Any) -> None:
            self.client.start_pipeline_execution(**start_request(self.target["Arn"], event))

    class UnknownTargetSender(TargetSender):  # type: ignore[misc] # LocalStack ships without types
        def send_event(self, _event: Any, _trace_header: Any) -> None:
            raise NotImplementedError(f"LocalStack cannot deliver events to {self.target['Arn']}")

    TargetSenderFactory.register_target_sender("codepipeline", PipelineTargetSender)

    @patch(TargetSenderFactory.get_target_sender)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def accept(get: Callable[[Any], Any], factory: Any) -> Any:
        service = extract_service_from_arn(factory.target["Arn"])
        factory.target_map.setdefault(service, UnknownTargetSender)
        return get(factory)


def start_request(arn: str, event: Any) -> dict[str, Any]:
    """The request that starts the pipeline; its input may give source revisions and variables."""
    given = event if isinstance(event, dict) else {}
    members = ("sourceRevisions", "variables")
    return {"name": arn.rpartition(":")[2]} | {
        name: given[name] for name in members if isinstance(given.get(name), list)
    }
