"""``metrics``: DORA's metrics, of all pipelines and of each."""

import click

from release_core.clock import now
from release_machine.actions.pipeline_names import WHICH_THERE_ARE, unknown_names
from release_machine.dora.deployments import Window
from release_machine.errors import UsageError
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.output import open_console, show
from release_machine.text.moments import read_moment, refuse_too_early
from release_machine.views.json_output import write
from release_machine.views.metrics_json import metrics_document
from release_machine.views.metrics_view import metrics_view


@click.command("metrics", cls=AwsCommand)
@click.option(
    "--pipeline",
    "pipelines",
    metavar="PIPELINE",
    multiple=True,
    help="Only this pipeline; can be given more than once.",
)
@click.option(
    "--since",
    metavar="TIME",
    default="30d",
    show_default=True,
    help="Only deployments since then: 30d, 12h, 2026-11-22 or 2026-11-22T18:00:00Z.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context, pipelines: tuple[str, ...], *, since: str, as_json: bool
) -> None:
    """Show how well changes are delivered, by DORA's five metrics.

    They are deployment frequency, change lead time, change fail rate, failed deployment recovery
    time and rework rate. Only runs of pipelines in releases count. docs/metrics.md defines each.

    \b
    Examples:
      release-machine metrics
      release-machine metrics --since 90d
      release-machine metrics --pipeline orders --since 2026-11-01
      release-machine metrics --json | jq '.all.leadTime'
    """
    at = now()
    begin = read_moment("--since", since, at)
    if begin >= at:
        raise UsageError(f"--since {since}: is not in the past.", "Use an earlier time.")
    refuse_too_early("--since", since, at - begin)
    session = open_session(context)
    if unknown := unknown_names(session, pipelines):
        raise UsageError("\n".join(unknown.values()), WHICH_THERE_ARE)
    window = Window(since=begin, until=at)
    found = session.dora.read(window, pipelines=pipelines, at=at)
    if as_json:
        write(metrics_document(found))
    else:
        console = open_console()
        show(console, metrics_view(found, width=console.width))
