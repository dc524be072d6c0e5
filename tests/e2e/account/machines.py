"""Machines made from the deployed one, for what its own definition would take an hour to show."""

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.releasing.pipelines import unique


@dataclass(frozen=True)
class Machines:
    """Makes variants of the deployed machine; each is started like it."""

    account: Account

    def impatient(self, look_after_seconds: int) -> str:
        """The whole machine, but for the time after which a silent task looks at CodePipeline.

        It doubles with each look: a platform that took longer for one than a token lives would
        otherwise never settle any, and each look that was in vain leaves it one more to do.
        Answers the machine's ARN.
        """
        deployed = self._deployed()
        definition = json.loads(deployed["definition"])
        selector = definition["States"]["OpenRelease"]["ResultSelector"]
        for name in ("wait_seconds", "look_after_seconds"):
            del selector[f"{name}.$"]
            selector[name] = look_after_seconds
        wait_again = definition["States"]["RunPipelines"]["ItemProcessor"]["States"]["WaitAgain"]
        wait_again["Parameters"] = {
            "release_id.$": "$.release_id",
            "pipeline.$": "$.pipeline",
            "wait_seconds.$": "States.MathAdd($.wait_seconds, $.wait_seconds)",
            "look_after_seconds.$": "States.MathAdd($.look_after_seconds, $.look_after_seconds)",
        }
        return self._create(definition, deployed["roleArn"])

    def inline(self) -> str:
        """The whole machine, with the run of a pipeline in its own history; answers its ARN.

        LocalStack counts how the Map's children end and keeps nothing else of them: neither error
        nor cause. Inline, one failure ends the Map, so this is for releases of one pipeline.
        """
        deployed = self._deployed()
        definition = json.loads(deployed["definition"])
        run = definition["States"]["RunPipelines"]
        run["ItemProcessor"]["ProcessorConfig"] = {"Mode": "INLINE"}
        for distributed_only in ("Label", "ToleratedFailurePercentage"):
            del run[distributed_only]
        return self._create(definition, deployed["roleArn"])

    def helpless(self) -> str:
        """The whole machine, whose rollbacks are to be run by a machine that is not there.

        It tries once; answers the machine's ARN.
        """
        deployed = self._deployed()
        definition = json.loads(deployed["definition"])
        roll_back = definition["States"]["RollBackRelease"]
        del roll_back["Parameters"]["StateMachineArn.$"]
        roll_back["Parameters"]["StateMachineArn"] = f"{deployed['stateMachineArn']}-gone"
        del roll_back["Retry"]
        return self._create(definition, deployed["roleArn"])

    def _deployed(self) -> Any:
        return self.account.step_functions.describe_state_machine(
            stateMachineArn=self.account.outputs["state_machine_arn"]
        )

    def _create(self, definition: dict[str, Any], role: str) -> str:
        return self.account.step_functions.create_state_machine(
            name=unique("machine"), definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]
