"""``validate``: check manifests."""

import sys

import click

from release_core.clock import now
from release_machine.validation.checking_files import Declarations, check_content
from release_machine.validation.manifest_file import read_manifest
from release_machine.views.json_output import write

INVALID = 2


@click.command("validate")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--online", is_flag=True, help="Also check against the pipelines in AWS.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object per file.")
@click.pass_context
def command(context: click.Context, files: tuple[str, ...], *, online: bool, as_json: bool) -> None:
    """Check manifests locally, and report line and column.

    FILE defaults to manifest.json; - is standard input. The checks are those of the release
    machine. With --online they include the pipelines in AWS: that they exist, and that variables
    and source revisions fit them. The exit code is 0 when every file is valid, otherwise 2.

    \b
    Examples:
      release-machine validate
      release-machine validate releases/*.json
      release-machine validate --online manifest.json
      generate-manifest | release-machine validate -
    """
    names = files or ("manifest.json",)
    contents = [(name, read_manifest(name)) for name in names]
    declarations = _declarations(context) if online else None
    checked = [
        check_content(name, content, now=now(), declarations=declarations)
        for name, content in contents
    ]
    if as_json:
        write([each.report() for each in checked])
    else:
        for each in checked:
            click.echo("\n".join(each.lines()))
    if any(each.manifest is None for each in checked):
        sys.exit(INVALID)


def _declarations(context: click.Context) -> Declarations:
    from release_machine.deployment.aws_problems import explained  # noqa: PLC0415 # slow: boto3
    from release_machine.deployment.reading_parts import declaration_lookup  # noqa: PLC0415 # slow: boto3
    from release_machine.terminal.aws_command import open_session  # noqa: PLC0415 # slow: boto3

    with explained():
        return declaration_lookup(open_session(context))
