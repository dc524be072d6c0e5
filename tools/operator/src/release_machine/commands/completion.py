"""``completion``: the script with which a shell completes commands, options and releases."""

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from release_machine.errors import UsageError

PROGRAM = "release-machine"
# A .zshrc may not have set up completion yet.
_WITH_COMPDEF = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }"
_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.pass_context
def command(context: click.Context, shell: str | None) -> None:
    """Print the completion script for your shell.

    SHELL defaults to your current shell. The script completes commands, options and the ids of the
    latest releases. Without a quick answer from AWS it completes no ids.

    \b
    Examples:
      eval "$(release-machine completion bash)"      in ~/.bashrc
      eval "$(release-machine completion zsh)"       in ~/.zshrc
      release-machine completion fish > ~/.config/fish/completions/release-machine.fish
    """
    chosen = shell or Path(os.environ.get("SHELL", "")).name
    completion = get_completion_class(chosen)
    if completion is None or chosen not in _SHELLS:
        raise UsageError(
            f"There is no completion for your shell{' ' + chosen if chosen else ''}.",
            f"Name one of these: {', '.join(_SHELLS)}.",
        )
    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
    script = completion(context.find_root().command, {}, PROGRAM, variable).source()
    click.echo(_amended(script, shell=chosen))


def _amended(script: str, *, shell: str) -> str:
    """The script of click, with fixes for zsh and fish."""
    if shell == "zsh":
        first, _, rest = script.partition("\n")
        return f"{first}\n\n{_WITH_COMPDEF}\n{rest}"
    if shell == "fish":
        # A description may contain commas.
        return script.replace('string split "," $', 'string split --max 1 "," $')
    return script
