"""Variants of the deployed state machine, which show in seconds what it shows in an hour."""

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import unique

# How the names of the variants begin. What they do counts for the deployed one (least_privilege).
VARIANT = "machine"


@dataclass(frozen=True)
class Machines:
    """Makes variants of the deployed state machine; each is started like it."""

    account: Account

    def impatient(self, look_after_seconds: int, *, retries: int | None = None) -> str:
        """Make a machine whose tasks look at CodePipeline after seconds; return its ARN.

        With ``retries``, a failed task of a pipeline is retried as often as that. The time doubles
        with each look. Otherwise a platform that needs longer for a look than a task token is valid
        would never settle a task.
        """
        deployed = self._deployed()
        definition = _impatient(json.loads(deployed["definition"]), look_after_seconds, retries)
        return self._create(definition, deployed["roleArn"])

    def hasten(self, look_after_seconds: int) -> None:
        """Let the deployed machine itself look after seconds: only in a deployment of one's own."""
        deployed = self._deployed()
        definition = _impatient(json.loads(deployed["definition"]), look_after_seconds)
        client, arn = self.account.step_functions, deployed["stateMachineArn"]
        version = client.update_state_machine(
            stateMachineArn=arn, definition=json.dumps(definition), publish=True
        )["stateMachineVersionArn"]
        # Some doors start the machine through an alias.
        for alias in client.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]:
            client.update_state_machine_alias(
                stateMachineAliasArn=alias["stateMachineAliasArn"],
                routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}],
            )

    def inline(self) -> str:
        """Make a machine whose history shows how a pipeline's task ended; return its ARN.

        LocalStack keeps neither error nor cause of a distributed Map's children. In an inline Map
        one failure ends the Map, so this machine is for releases of one pipeline.
        """
        deployed = self._deployed()
        definition = json.loads(deployed["definition"])
        run = definition["States"]["RunPipelines"]
        run["ItemProcessor"]["ProcessorConfig"] = {"Mode": "INLINE"}
        for distributed_only in ("Label", "ToleratedFailurePercentage"):
            del run[distributed_only]
        return self._create(definition, deployed["roleArn"])

    def helpless(self) -> str:
        """Make a machine that cannot start rollbacks; return its ARN.

        It tries once to start a version of the state machine that does not exist.
        """
        deployed = self._deployed()
        definition = json.loads(deployed["definition"])
        roll_back = definition["States"]["RollBackRelease"]
        roll_back["Parameters"]["StateMachineArn"] = f"{deployed['stateMachineArn']}:999999"
        del roll_back["Retry"]
        return self._create(definition, deployed["roleArn"], rolls_back=False)

    def _deployed(self) -> Any:
        return self.account.step_functions.describe_state_machine(
            stateMachineArn=self.account.outputs["state_machine_arn"]
        )

    def _create(self, definition: dict[str, Any], role: str, *, rolls_back: bool = True) -> str:
        if rolls_back:  # by itself, and not by the alias of the deployed one
            parameters = definition["States"]["RollBackRelease"]["Parameters"]
            del parameters["StateMachineArn"]
            parameters["StateMachineArn.$"] = "$$.StateMachine.Id"
        return self.account.step_functions.create_state_machine(
            name=unique(VARIANT), definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]


def _impatient(
    definition: dict[str, Any], look_after_seconds: int, retries: int | None = None
) -> dict[str, Any]:
    """Let the tasks of a definition look after seconds; the time doubles with each look."""
    waits = ("wait_seconds", "look_after_seconds")
    sooner = json.dumps(dict.fromkeys(waits, look_after_seconds))
    definition["States"]["OpenRelease"]["ResultSelector"] = {
        "Payload.$": f"States.JsonMerge($.Payload, States.StringToJson('{sooner}'), false)"
    }
    states = definition["States"]["RunPipelines"]["ItemProcessor"]["States"]
    if retries is not None:
        states["RunPipeline"]["Retry"][-1]["MaxAttempts"] = retries
    states["WaitAgain"]["Parameters"] = {
        "release_id.$": "$.release_id",
        "execution_arn.$": "$.execution_arn",
        "pipeline.$": "$.pipeline",
        "attempt.$": "$.attempt",
        "wait_seconds.$": "States.MathAdd($.wait_seconds, $.wait_seconds)",
        "look_after_seconds.$": "States.MathAdd($.look_after_seconds, $.look_after_seconds)",
    }
    return definition
