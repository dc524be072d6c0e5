"""``plan``: what a manifest would do now."""

import sys

import click

from release_core.manifest.checks import release_id_of
from release_core.plan.document import Plan
from release_machine.deployment.reading_parts import planner
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import NOT_RELEASED
from release_machine.terminal.output import open_console, show
from release_machine.validation.checking_files import Checked, check_content
from release_machine.validation.manifest_file import read_manifest
from release_machine.views.json_output import write
from release_machine.views.plan_view import plan_view

INVALID = 2


@click.command("plan", cls=AwsCommand)
@click.argument("manifest", type=click.Path(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(context: click.Context, manifest: str, *, as_json: bool) -> None:
    """Show what a manifest would change now, and what prevents it.

    For each pipeline: what is live, since when and by whom, and what would ship. A build that was
    rolled back before and would ship again comes first.

    MANIFEST is a file, or - for standard input. Nothing is written or started. The checks are those
    of the release machine, made with your credentials: pipelines, variables, revisions, running
    executions, locks, and the expected duration. The exit code is 0 when the manifest would be
    released or is already released, 1 when something prevents that, 2 when it is not valid.

    \b
    Examples:
      release-machine plan manifest.json
      release-machine plan manifest.json --json | jq .problems
    """
    content = read_manifest(manifest)
    # The planner judges the deadline: it does not matter when the release exists already.
    checked = check_content(manifest, content)
    if checked.manifest is None:
        _show_problems(checked, as_json=as_json)
        sys.exit(INVALID)
    plan = planner(open_session(context))(checked.document)
    if as_json:
        write(plan.as_json())
    else:
        console = open_console()
        show(console, plan_view(plan.as_json(), width=console.width))
    if not plan.valid:
        sys.exit(NOT_RELEASED)


def _show_problems(checked: Checked, *, as_json: bool) -> None:
    if as_json:
        problems = tuple(map(str, checked.findings))
        write(Plan(release_id=release_id_of(checked.document), problems=problems).as_json())
    else:
        click.echo("\n".join(checked.lines()))
