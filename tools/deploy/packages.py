"""Checks the zips of the functions before Terraform uploads them."""

from tools.build_functions import FUNCTIONS, BuildError, architecture_of
from tools.deploy.target import terraform_variable
from tools.platform.layout import ROOT


class PackageError(Exception):
    """A zip does not fit the functions' processor; the message says how to build it again."""


def check_packages(architecture: str) -> None:
    """Raises PackageError unless each function has a zip that was built for `architecture`."""
    # Terraform runs in infra/, so a relative folder begins there.
    folder = ROOT / "infra" / (terraform_variable("functions_dir") or FUNCTIONS)
    advice = (
        "Build the zips again: .venv/bin/python tools/build_functions.py"
        f" --architecture {architecture} --output {folder}"
    )
    for handler in sorted((ROOT / "lambdas").glob("*/handler.py")):
        archive = folder / f"{handler.parent.name}.zip"
        try:
            built_for = architecture_of(archive)
        except BuildError as error:
            raise PackageError(f"{error}.\n{advice}") from error
        if built_for != architecture:
            raise PackageError(
                f"{archive} is built for {built_for}, but the functions of this deployment run on"
                f" {architecture}.\n{advice}"
            )
