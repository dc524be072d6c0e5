"""The options for the deployment and the access to AWS, before or after a command."""

from pathlib import Path

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from release_machine.deployment.target import (
    WAYS,
    Configuration,
    Given,
    Target,
    choose_target,
    find_configuration,
)
from release_machine.errors import OperatorError

_KEY = "release_machine.deployment.target_options"


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep a value for chosen_target; options after the command take precedence."""
    given: Given = context.meta.setdefault(_KEY, Given())
    name = parameter.name or ""
    if value is None:
        return
    if context.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
        given.environment.setdefault(name, value)
    else:
        given.command_line[name] = value


class _Unlisted(click.Option):
    """An option that is completed by the shell, but not repeated in the help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        return None


def _deployments(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The deployments in the configuration file."""
    try:
        found = find_configuration(Path.cwd(), home=Path.home())
        names = Configuration(found).names if found else []
    except OperatorError:
        # The line that a shell completes must stay free of messages.
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _option(name: str, metavar: str, text: str, *, listed: bool = True) -> click.Option:
    # In the environment a deployment can be chosen, but the access to AWS has variables of its own.
    key = name.removeprefix("--").replace("-", "_")
    return (click.Option if listed else _Unlisted)(
        [name],
        metavar=metavar,
        help=text,
        envvar=f"RELEASE_MACHINE_{key.upper()}" if listed and key in WAYS else None,
        show_envvar=True,
        callback=_remember,
        expose_value=False,
        is_eager=True,  # --version reads the deployment that the other options choose
        type=click.Path() if metavar == "FILE" else None,
        shell_complete=_deployments if name == "--deployment" else None,
    )


_WORDS = (
    ("--outputs", "FILE", "A file with the output of `terraform output -json`."),
    ("--deployment", "NAME", "A deployment in release-machine.toml."),
    ("--name-prefix", "NAME", "The name of a deployment, searched in AWS."),
    ("--profile", "NAME", "An AWS profile; default: AWS_PROFILE."),
    ("--region", "REGION", "An AWS Region; default: AWS_REGION or that of the profile."),
    ("--endpoint-url", "URL", "The address of AWS; default: AWS_ENDPOINT_URL."),
)
TARGET_OPTIONS: list[click.Parameter] = [_option(*words) for words in _WORDS]
_AFTER_COMMAND = [_option(*words, listed=False) for words in _WORDS]


def add_target_options(command: click.Command) -> click.Command:
    """Add the same options to a command, without listing them in its help."""
    command.params += [option for option in _AFTER_COMMAND if option not in command.params]
    return command


def chosen_target(context: click.Context) -> Target:
    """The deployment chosen by the options, the environment or the configuration file.

    Raises UsageError when they contradict each other, or when the file is not usable.
    """
    return choose_target(context.meta.get(_KEY, Given()), folder=Path.cwd(), home=Path.home())
