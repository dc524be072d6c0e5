"""The command: python -m tools.deploy apply | destroy ROOT, on TARGET."""

import argparse
import os
import sys
import time
from pathlib import Path

from tools.deploy.packages import PackageError, check_packages
from tools.deploy.running import ReleasesRunError, refuse_running
from tools.deploy.target import Target, TargetError, aws_target, platform_target
from tools.deploy.terraform import Terraform, TerraformError
from tools.platform.layout import PLATFORM, Home
from tools.platform.lifecycle import PlatformError


def main(arguments: list[str]) -> int:
    """Runs one command. Returns 0, or 1 with a message on stderr; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    parser.add_argument("command", choices=("apply", "destroy"))
    parser.add_argument("roots", nargs="+", metavar="ROOT")
    parser.add_argument("--target", choices=("platform", "aws"), default="platform")
    parser.add_argument("--home", type=Path, default=PLATFORM, help="folder of the platform")
    parser.add_argument("--force", action="store_true", help="destroy although releases run")
    options = parser.parse_args(arguments)
    try:
        target = choose(options.target, Home(options.home.resolve()))
        if target.name == "aws":
            sys.stdout.write(f"About to {options.command} in {target.description}\n")
            sys.stdout.flush()
        if options.command == "apply" and "infra" in options.roots:
            check_packages(target.architecture)
        for root in options.roots:
            run(options.command, root, target, force=options.force)
    except (
        PackageError,
        PlatformError,
        ReleasesRunError,
        TargetError,
        TerraformError,
    ) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def choose(name: str, home: Home) -> Target:
    """The target of that name. Raises PlatformError and TargetError."""
    if name == "aws":
        return aws_target(os.environ.get("BACKEND_CONFIG", ""))
    return platform_target(home)


def run(command: str, root: str, target: Target, *, force: bool = False) -> None:
    """Runs one command in one root and prints the result.

    Raises TerraformError, and ReleasesRunError for a destroy without `force` while releases run.
    """
    started = time.monotonic()
    terraform = Terraform(root, target)
    if command == "apply" and terraform.is_applied():
        done = f"{root} is already deployed to {target.description}"
    elif command == "apply":
        done = f"Deployed {root} to {target.description}: {terraform.apply()} resources"
    elif terraform.has_state():
        if not force:
            # Before any root: the pipelines of infra/demo may be in a release, too.
            refuse_running(Terraform("infra", target).values(), target)
        terraform.destroy()
        done = f"Destroyed the resources of {root} in {target.description}"
    else:
        done = f"{root} has no resources in {target.description}"
    sys.stdout.write(f"{done} ({time.monotonic() - started:.1f} s)\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
