"""``schema``: the JSON Schema of the manifest, for editors."""

import click

from release_core.manifest.json_schema import manifest_schema
from release_machine.views.json_output import write


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the manifest.

    With the schema an editor completes and explains the keys of a manifest. Name the file in the
    manifest's "$schema" or in the editor's settings.

    \b
    Examples:
      release-machine schema > release-manifest.schema.json
    """
    write(manifest_schema())
