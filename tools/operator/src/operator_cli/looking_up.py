"""What pipelines declare, looked up with the caller's credentials as the functions do it."""

from collections.abc import Sequence

import click

from operator_cli.aws_command import open_session
from operator_cli.aws_problems import explained
from operator_cli.checking_files import Declarations
from release_core.clients import in_parallel
from release_core.codepipeline import CodePipeline
from release_core.declarations import Declared


def declarations(context: click.Context) -> Declarations:
    """Look pipelines up in the account and Region that is meant; raises OperatorError."""
    with explained():
        codepipeline = CodePipeline(open_session(context).codepipeline, in_parallel=in_parallel)

    def look_up(names: Sequence[str]) -> Declared:
        with explained():
            return codepipeline.declarations(names)

    return look_up
