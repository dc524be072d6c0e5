"""The commands that let pipelines go on, so that they can be copied from any terminal."""

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from rich.console import RenderableType
from rich.text import Text

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.model import Activity

# With all that is known, with the commands alone, or with one command that shows the others.
type Detail = Literal["full", "commands", "pointer"]
DETAILS: Sequence[Detail] = ("full", "commands", "pointer")


def ways_out(
    release: Release,
    pipelines: Sequence[Pipeline],
    activity: Mapping[str, Activity],
    *,
    width: int,
    detail: Detail,
) -> Iterator[RenderableType]:
    """Draw below the pipelines that are shown how those go on that cannot by themselves."""
    if detail == "pointer":
        waiting = [each for each in release.pipelines.values() if _way_out(each, activity)]
        if waiting:
            shows = f"release-machine show {shlex.quote(release.release_id)}"
            yield Text(f"what lets {len(waiting)} of them go on: {shows}")
        return
    for pipeline in pipelines:
        command = _way_out(pipeline, activity)
        if command:
            doing = activity[pipeline.name]
            gap = "\n" if detail == "full" else ""
            yield Text(f"{gap}{pipeline.name} {'ends at once' if doing.ends else 'goes on'} with:")
            yield Text(copyable(command, width=width), style="dim", no_wrap=True)
            if detail == "full" and doing.can_be_rejected:
                yield Text("or, to reject it, with status=Rejected", style="dim")
            if detail == "full" and doing.link:
                yield Text(f"or at {doing.link}", style="dim", overflow="fold")


def copyable(command: str, *, width: int) -> str:
    """The command in lines of that width, which a shell that they are copied into puts together."""
    # Each line may begin with four spaces, and end with a space and a backslash.
    most = width - 6
    lines = textwrap.wrap(command, most, break_long_words=False, break_on_hyphens=False)
    # Without spaces before it, the rest of a long word goes on as if it had never been broken.
    return " \\\n    ".join(
        "\\\n".join(line[begin : begin + most] for begin in range(0, len(line), most))
        for line in lines
    )


def _way_out(pipeline: Pipeline, activity: Mapping[str, Activity]) -> str | None:
    doing = activity.get(pipeline.name)
    return doing.way_out if doing and pipeline.status is PipelineStatus.RUNNING else None
