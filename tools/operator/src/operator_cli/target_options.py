"""The options for which deployment is meant and how AWS is reached: before or behind a command."""

from pathlib import Path

import click
from click.core import ParameterSource

from operator_cli.target import Given, Target, choose_target

_KEY = "operator_cli.target_options"


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


def _option(
    name: str, text: str, *, envvar: str | None = None, hidden: bool = False
) -> click.Option:
    return click.Option(
        [name],
        help=text,
        envvar=envvar,
        show_envvar=True,
        metavar="FILE" if name == "--outputs" else "TEXT",
        callback=_remember,
        expose_value=False,
        hidden=hidden,
    )


_WORDS = (
    (
        "--outputs",
        "The deployment's `terraform output -json`, in a file.",
        "RELEASE_MACHINE_OUTPUTS",
    ),
    (
        "--deployment",
        "The deployment of that name in release-machine.toml.",
        "RELEASE_MACHINE_DEPLOYMENT",
    ),
    ("--name-prefix", "The deployment's name, looked for in AWS.", "RELEASE_MACHINE_NAME_PREFIX"),
    ("--profile", "A profile of your AWS configuration; else AWS_PROFILE.", None),
    ("--region", "An AWS Region; else AWS_REGION, or your profile's.", None),
    ("--endpoint-url", "Where AWS answers; else AWS_ENDPOINT_URL.", None),
)
TARGET_OPTIONS: list[click.Parameter] = [
    _option(name, text, envvar=envvar) for name, text, envvar in _WORDS
]


def add_target_options(command: click.Command) -> click.Command:
    """The command with the same options, which its help does not repeat."""
    known = {parameter.name for parameter in command.params}
    command.params += [
        option
        for option in (_option(name, text, hidden=True) for name, text, _ in _WORDS)
        if option.name not in known
    ]
    return command


def chosen_target(context: click.Context) -> Target:
    """The deployment that the options, the environment or the configuration mean.

    Raises UsageError when they contradict each other, or for an unusable configuration.
    """
    return choose_target(context.meta.get(_KEY, Given()), folder=Path.cwd(), home=Path.home())
