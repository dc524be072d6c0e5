"""The commands that let waiting pipelines continue, to be copied from a terminal."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.approvals import is_asked
from release_machine.release.holds import TO_START_NOW, override_command, starts_by_itself
from release_machine.release.model import Activity

# Everything, only the commands, or one command that shows all of them.
Detail: TypeAlias = Literal["full", "commands", "pointer"]
DETAILS: Sequence[Detail] = ("full", "commands", "pointer")
# An option with its value, or another word.
_WORDS = re.compile(r"--\S+ (?!-)\S+|\S+")


def ways_out(
    release: Release,
    pipelines: Sequence[Pipeline],
    activity: Mapping[str, Activity],
    *,
    width: int,
    detail: Detail,
) -> Iterator[RenderableType]:
    """Draw the commands for the shown pipelines that cannot continue by themselves."""
    if detail == "pointer":
        waiting = list(_waiting(release, activity))
        if waiting:
            shows = f"release-machine show {shlex.quote(release.release_id)}"
            yield Hint(f"commands for {', '.join(waiting)}:", shows, style="")
        return
    gap = "\n" if detail == "full" else ""
    for pipeline in pipelines:
        command = _way_out(pipeline, activity)
        if command:
            doing = activity[pipeline.name]
            goal = "stop" if doing.ends else "continue"
            yield Text(f"{gap}to {goal} {pipeline.name}, run:")
            yield Text(copyable(command, width=width), style="dim", no_wrap=True)
            if detail == "full" and doing.way_to_reject:
                yield Text("or, to reject it:")
                yield Text(copyable(doing.way_to_reject, width=width), style="dim", no_wrap=True)
            if detail == "full" and doing.link:
                yield Text(f"or at {doing.link}", style="dim", overflow="fold")
    if override := override_command(release):
        yield Text(f"{gap}{starts_by_itself(release)}; {TO_START_NOW}, run:")
        yield Text(copyable(override, width=width), style="dim", no_wrap=True)


def _waiting(release: Release, activity: Mapping[str, Activity]) -> Iterator[str]:
    """What there are commands for, in numbers."""
    waiting = [each for each in release.pipelines.values() if _way_out(each, activity)]
    asks = sum(map(is_asked, waiting))
    for count, name in ((len(waiting) - asks, "pipeline"), (asks, "approval")):
        if count:
            yield f"{count} waiting {name}{'' if count == 1 else 's'}"
    if override_command(release):
        yield "what is held"


class Copyable:
    """A command in as many lines as the console needs, as ``copyable`` writes them."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it; rich calls this."""
        lines = copyable(self._command, width=options.max_width)
        yield Text(lines, style="dim", no_wrap=True)


class Hint:
    """Words and a command in one line, or the command on lines of its own where it does not fit."""

    def __init__(self, words: str, command: str, *, style: str = "dim") -> None:
        self._words = words
        self._command = command
        self._style = style

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it; rich calls this."""
        line = Text(f"{self._words} {self._command}", style=self._style)
        if line.cell_len <= options.max_width:
            yield line
        else:
            yield Text(self._words, style=self._style)
            lines = copyable(self._command, width=options.max_width)
            yield Text(lines, style=self._style, no_wrap=True)


def copyable(command: str, *, width: int) -> str:
    """The command in lines of that width, which a shell joins when they are pasted."""
    if len(command) <= width:
        return command
    # A line may begin with four spaces and end with a space and a backslash.
    most = width - 6
    lines: list[str] = []
    for words in _kept_together(command, most):
        if lines and len(lines[-1]) + 1 + len(words) <= most:
            lines[-1] += f" {words}"
        else:
            lines.append(words)
    # The rest of a broken word follows without spaces, so the shell joins the word again.
    return " \\\n    ".join("\\\n".join(_broken(line, most)) for line in lines)


def _kept_together(command: str, most: int) -> Iterator[str]:
    """The words of a command, each option with its value if a line has room for both."""
    for words in _WORDS.findall(command):
        yield from [words] if len(words) <= most else words.split(" ")


def _broken(line: str, most: int) -> Iterator[str]:
    """The parts of a line that is too long, after PIPELINE/ or STAGE/ where there is one."""
    while len(line) > most:
        end = line.rfind("/", 0, most) + 1 or most
        yield line[:end]
        line = line[end:]
    yield line


def _way_out(pipeline: Pipeline, activity: Mapping[str, Activity]) -> str | None:
    doing = activity.get(pipeline.name)
    return doing.way_out if doing and pipeline.status is PipelineStatus.RUNNING else None
