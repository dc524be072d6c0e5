"""A command that calls AWS: its session, and its errors."""

import click

from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.deployment.target_options import chosen_target


class AwsCommand(click.Command):
    """A command that turns expected problems with AWS into an OperatorError."""

    def invoke(self, ctx: click.Context) -> object:
        """Call the command; raises OperatorError for problems that the user can solve."""
        with explained():
            return super().invoke(ctx)


def open_session(context: click.Context) -> Session:
    """The session of the chosen deployment; raises UsageError when the choice is not clear."""
    return Session(chosen_target(context))
