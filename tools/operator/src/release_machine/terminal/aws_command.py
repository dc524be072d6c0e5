"""A command that asks AWS: its session, and AWS's answers when it cannot be asked."""

import click

from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.deployment.target_options import chosen_target


class AwsCommand(click.Command):
    """Says AWS's expected problems so that people know what to do next."""

    def invoke(self, ctx: click.Context) -> object:
        """Call the command; raises OperatorError for what people can act on."""
        with explained():
            return super().invoke(ctx)


def open_session(context: click.Context) -> Session:
    """The session of the deployment that is meant; raises UsageError when none can be told."""
    return Session(chosen_target(context))
