"""``schema``: what editors need to complete a manifest."""

import click

from operator_cli.json_output import write
from release_core.manifest_schema import manifest_schema


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
