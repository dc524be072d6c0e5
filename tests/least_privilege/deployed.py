"""The deployment whose roles are judged: what Terraform plans for it, and what it has called."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.e2e.account.account import account_from_environment
from tests.least_privilege.planned import Planned, plan_everything
from tests.least_privilege.recorded import Recorded
from tools.deploy.target import platform_target
from tools.deploy.terraform import Terraform
from tools.platform.layout import Home


@dataclass(frozen=True)
class Deployed:
    """The release machine on a platform."""

    home: Home
    bucket: str
    machine: str

    @classmethod
    def from_environment(cls) -> "Deployed":
        """The deployment that the environment names, on the platform beside its outputs.

        Raises NotReadyError when it names none.
        """
        outputs = account_from_environment().outputs
        folder = Path(os.environ["RELEASE_MACHINE_OUTPUTS"]).parent
        machine = str(outputs["state_machine_arn"]).rpartition(":")[2]
        return cls(Home(folder), str(outputs["manifest_bucket"]), machine)

    @cached_property
    def planned(self) -> Planned:
        """What Terraform plans to allow."""
        return plan_everything(Terraform("infra", platform_target(self.home)), self.bucket)

    @cached_property
    def recorded(self) -> Recorded:
        """What was called so far. Raises FileNotFoundError without a record."""
        return Recorded.in_file(self.home.calls, self.machine)
