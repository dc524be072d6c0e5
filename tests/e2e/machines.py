"""Machines made from the deployed one, for what its own definition would take an hour to show."""

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.account import Account
from tests.e2e.pipelines import unique


@dataclass(frozen=True)
class Machines:
    """Makes variants of the deployed machine; each is started like it."""

    account: Account

    def impatient(self, look_after_seconds: int) -> str:
        """The whole machine, but for the time after which a silent task looks at CodePipeline.

        Answers the machine's ARN.
        """
        deployed = self._deployed()
        definition = json.loads(deployed["definition"])
        selector = definition["States"]["OpenRelease"]["ResultSelector"]
        del selector["look_after_seconds.$"]
        selector["look_after_seconds"] = look_after_seconds
        return self._create(definition, deployed["roleArn"])

    def child(self) -> str:
        """What the Map runs for each pipeline, as a machine of its own; answers its ARN.

        Its input is {release_id, pipeline, look_after_seconds}. LocalStack counts how the
        Map's children end and keeps nothing else of them: neither error nor cause nor history.
        """
        deployed = self._deployed()
        processor = json.loads(deployed["definition"])["States"]["RunPipelines"]["ItemProcessor"]
        del processor["ProcessorConfig"]
        return self._create(processor, deployed["roleArn"])

    def _deployed(self) -> Any:
        return self.account.step_functions.describe_state_machine(
            stateMachineArn=self.account.outputs["state_machine_arn"]
        )

    def _create(self, definition: dict[str, Any], role: str) -> str:
        return self.account.step_functions.create_state_machine(
            name=unique("machine"), definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]
