"""The command line: global options, and the commands, each loaded when it is called.

boto3, pydantic and rich take half a second to load; --help and completion do not need them.
"""

import sys
from importlib import import_module

import click

from release_machine.deployment.target_options import TARGET_OPTIONS, add_target_options
from release_machine.errors import OperatorError
from release_machine.exit_codes import READER_GONE, code_of
from release_machine.interrupts import STARTING_COMMANDS, end_interrupted
from release_machine.text.printable import visible

_COMMAND = "release_machine.command"

# The module of each command, and the first line of its help.
COMMANDS = {
    "plan": ("plan", "Show what a manifest would change now, and what prevents it."),
    "submit": ("submit", "Submit a manifest and follow its release to the end."),
    "watch": ("watch", "Follow a release to its end."),
    "show": ("show", "Show one release: its pipelines, timeline, failures and audit."),
    "status": ("status", "Show what is live in pipelines, what runs, waits, is held or failed."),
    "list": ("listing", "List the latest releases, of a pipeline, a person or a span of time."),
    "metrics": ("metrics", "Show how well changes are delivered, by DORA's five metrics."),
    "approvals": ("approvals", "List what waits for the answer of a person."),
    "approve": ("approve", "Approve what waits in a release."),
    "reject": ("reject", "Reject what waits in a release."),
    "freeze": ("freeze", "Freeze pipelines: no new starts until a time."),
    "unfreeze": ("unfreeze", "Lift a freeze before its end."),
    "freezes": ("freezes", "List what is frozen: until when, by whom and why."),
    "override": ("override", "Let one release start its frozen pipelines."),
    "cancel": ("cancel", "Stop a running release."),
    "retry": ("retry", "Run again the pipelines that did not succeed, and follow them."),
    "rollback": ("rollback", "Ship the previous good revisions again, and follow the rollback."),
    "validate": ("validate", "Check manifests locally, and report line and column."),
    "schema": ("schema", "Print the JSON Schema of the manifest."),
    "dashboard": (
        "dashboard",
        "Show what the release machine does now, on pages in your browser.",
    ),
    "export": ("export", "Write all records as JSON lines."),
    "logs": ("logs", "Show the logs of the functions."),
    "dead-letters": ("dead_letters", "List, show, replay or delete the events that were given up."),
    "completion": ("completion", "Print the completion script for your shell."),
}


class _Commands(click.Group):
    """The commands by name; an OperatorError is shown in two lines, without a traceback."""

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
            if ctx.meta.get(_COMMAND) in STARTING_COMMANDS:
                end_interrupted("Nothing was started.", by=interrupt)
            sys.exit(code_of(interrupt))
        except BrokenPipeError:
            # The reader, such as `head`, has stopped; click would exit with 1.
            sys.exit(READER_GONE)


def _show_versions(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from release_machine.terminal import versions  # noqa: PLC0415 # slow: boto3

    click.echo(versions.VERSION)
    try:
        click.echo(visible(versions.deployed(context)))
    except OperatorError as error:
        click.echo(visible(f"The deployment cannot be asked. {error.problem}"), err=True)
    context.exit()


@click.group(
    cls=_Commands,
    params=TARGET_OPTIONS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="release-machine COMMAND --help shows examples. Global options may also follow the "
    "command.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=_show_versions,
    help="Show the version of this command, and of the deployment, and exit.",
)
def cli() -> None:
    """Ship a set of CodePipelines as one release.

    \b
    The deployment is chosen by the first of these that is set:
      --outputs, --deployment or --name-prefix
      RELEASE_MACHINE_OUTPUTS, _DEPLOYMENT or _NAME_PREFIX in the environment
      [default] in release-machine.toml, in this folder or one above it, or
      in ~/.config/release-machine/config.toml
      the state machine release-machine in your account and Region

    \b
    Exit codes:
      0    released, or the command succeeded
      1    not released
      2    wrong usage, or not a valid manifest
      3    AWS cannot be reached; running releases continue
      70   a fault of this command, or its output cannot be written
      130  interrupted with Ctrl-C; the release continues
      141  the reader of the output has stopped; the release continues
      143  terminated, as by a cancelled job; the release continues
    """
