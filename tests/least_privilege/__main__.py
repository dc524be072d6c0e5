"""Writes the tables of docs/permissions.md: python -m tests.least_privilege.

The environment names a deployment on the platform: eval "$(make -s env)". It needs no record.
"""

from tests.least_privilege.deployed import Deployed
from tests.least_privilege.page import PAGE, renewed
from tests.least_privilege.reasons import DENIALS, REASONS

if __name__ == "__main__":
    permissions = Deployed.from_environment().planned.permissions
    PAGE.write_text(renewed(PAGE.read_text(), permissions, REASONS, DENIALS))
