"""``schema``: what editors need to complete a manifest."""

import click

from release_core.manifest.json_schema import manifest_schema
from release_machine.views.json_output import write


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the manifest.

    An editor that is given it, by "$schema" in the manifest or in its own settings, completes keys
    and explains them.

    \b
    Examples:
      release-machine schema > release-manifest.schema.json
    """
    write(manifest_schema())
