"""The command line: its global options, and its commands, each loaded when it is called.

boto3, pydantic and rich take half a second to load, which --help and completion do not need.
"""

import sys
from importlib import import_module

import click

from release_machine.deployment.target_options import TARGET_OPTIONS, add_target_options
from release_machine.errors import OperatorError
from release_machine.exit_codes import READER_GONE, code_of
from release_machine.interrupts import COMMANDS_THAT_HAND_IN, end_interrupted
from release_machine.text.printable import visible

_COMMAND = "release_machine.command"

# The module of each command, and what it says of itself in the first line of its help.
COMMANDS = {
    "plan": ("plan", "Say what a manifest would do now, and what is in its way."),
    "submit": ("submit", "Hand in a manifest and follow its release to the end."),
    "watch": ("watch", "Follow a release to its end, whoever started it."),
    "show": ("show", "Show one release: its pipelines, timeline, failures and audit."),
    "list": ("listing", "List the latest releases."),
    "cancel": ("cancel", "Stop a release that runs."),
    "retry": ("retry", "Run again what did not succeed in a release, and follow it."),
    "rollback": ("rollback", "Ship again what was good before a release, and follow that."),
    "validate": ("validate", "Check manifests without AWS, to the line and column."),
    "schema": ("schema", "Print the JSON Schema of the manifest."),
    "logs": ("logs", "Show what the functions logged."),
    "completion": ("completion", "Print the script that completes commands in your shell."),
}


class _Commands(click.Group):
    """The commands by name; what people can act on is said in two lines, without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        ctx.meta[_COMMAND] = cmd_name
        module = import_module(f"release_machine.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return add_target_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command {args[0]}. There are: {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            click.echo(visible(f"{error.problem}\n{error.next_step}"), err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt as interrupt:
            if ctx.meta.get(_COMMAND) in COMMANDS_THAT_HAND_IN:
                end_interrupted("Nothing was handed in.", by=interrupt)
            sys.exit(code_of(interrupt))
        except BrokenPipeError:
            # `| head` has seen enough; click would call that a failure.
            sys.exit(READER_GONE)


@click.group(
    cls=_Commands,
    params=TARGET_OPTIONS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="release-machine COMMAND --help shows examples. The global options can also stand "
    "behind the command.",
)
@click.version_option(package_name="release-machine-operator", message="%(version)s")
def cli() -> None:
    """Ship a set of CodePipelines as one release.

    \b
    Where the deployment is, the first of these that is given:
      --outputs, --deployment or --name-prefix
      RELEASE_MACHINE_OUTPUTS, _DEPLOYMENT or _NAME_PREFIX in the environment
      [default] in release-machine.toml, here or in a folder above, or in
      ~/.config/release-machine/config.toml
      the state machine release-machine in your account and Region

    \b
    Exit codes:
      0    released; or done, for a command that releases nothing
      1    not released
      2    wrong usage, or a manifest that is none
      3    AWS cannot be reached; what runs is not touched by that
      70   a fault of this command, or nowhere to write; what runs is not touched
      130  you pressed Ctrl-C; the release goes on
      141  whoever read the output has stopped; the release goes on
      143  it was told to end, as by a job that is cancelled; the release goes on
    """
