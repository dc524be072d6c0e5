"""The options for which deployment is meant and how AWS is reached: before or behind a command."""

from pathlib import Path

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from release_machine.deployment.target import (
    Configuration,
    Given,
    Target,
    choose_target,
    find_configuration,
)
from release_machine.errors import OperatorError

_KEY = "release_machine.deployment.target_options"


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep a value for chosen_target: those behind the command come later, and count more."""
    given: Given = context.meta.setdefault(_KEY, Given())
    name = parameter.name or ""
    if value is None:
        return
    if context.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
        given.environment.setdefault(name, value)
    else:
        given.command_line[name] = value


class _Unlisted(click.Option):
    """An option that a shell completes, and help does not repeat."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        return None


def _deployments(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The deployments of the configuration that counts here."""
    try:
        found = find_configuration(Path.cwd(), home=Path.home())
        names = Configuration(found).names if found else []
    except OperatorError:
        # A shell that waits for a completion is no place for problems.
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _option(
    name: str, metavar: str, text: str, *, envvar: str | None = None, listed: bool = True
) -> click.Option:
    made = click.Option if listed else _Unlisted
    return made(
        [name],
        metavar=metavar,
        help=text,
        envvar=envvar,
        show_envvar=True,
        callback=_remember,
        expose_value=False,
        type=click.Path() if metavar == "FILE" else None,
        shell_complete=_deployments if name == "--deployment" else None,
    )


_WORDS = (
    (
        "--outputs",
        "FILE",
        "The deployment's `terraform output -json`, in a file.",
        "RELEASE_MACHINE_OUTPUTS",
    ),
    (
        "--deployment",
        "NAME",
        "The deployment of that name in release-machine.toml.",
        "RELEASE_MACHINE_DEPLOYMENT",
    ),
    (
        "--name-prefix",
        "NAME",
        "The deployment's name, looked for in AWS.",
        "RELEASE_MACHINE_NAME_PREFIX",
    ),
    ("--profile", "NAME", "A profile of your AWS configuration; else AWS_PROFILE.", None),
    ("--region", "REGION", "An AWS Region; else AWS_REGION, or your profile's.", None),
    ("--endpoint-url", "URL", "Where AWS answers; else AWS_ENDPOINT_URL.", None),
)
TARGET_OPTIONS: list[click.Parameter] = [
    _option(name, metavar, text, envvar=envvar) for name, metavar, text, envvar in _WORDS
]


_BEHIND = [_option(name, metavar, text, listed=False) for name, metavar, text, _ in _WORDS]


def add_target_options(command: click.Command) -> click.Command:
    """The command with the same options, once, which its help does not repeat."""
    command.params += [option for option in _BEHIND if option not in command.params]
    return command


def chosen_target(context: click.Context) -> Target:
    """The deployment that the options, the environment or the configuration mean.

    Raises UsageError when they contradict each other, or for an unusable configuration.
    """
    return choose_target(context.meta.get(_KEY, Given()), folder=Path.cwd(), home=Path.home())
