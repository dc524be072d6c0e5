"""The version of this command, and that of the deployment beside it."""

from importlib.metadata import version

import click

from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.deployment.target_options import chosen_target
from release_machine.terminal.aws_command import QUICK

VERSION = version("release-machine-operator")


def deployed(context: click.Context) -> str:
    """A line that names the version of the chosen deployment, and says when it differs.

    Raises OperatorError when the deployment cannot be read quickly.
    """
    with explained():
        session = Session(chosen_target(context), config=QUICK)
        return described(
            session.settings.deployed_version,
            f"{session.deployment.name_prefix} in {session.deployment.region}",
        )


def described(found: str, deployment: str) -> str:
    """The line for the version that is ``found`` in a deployment; an empty one is unknown."""
    if not found:
        return (
            f"The deployment {deployment} is older than 0.3.0: it does not name its version. "
            "Deploy this version: make deploy."
        )
    if found != VERSION:
        return (
            f"The deployment {deployment} has another version: {found}. "
            "Install the command of that version, or deploy this one."
        )
    return f"The deployment {deployment} has the same version."
