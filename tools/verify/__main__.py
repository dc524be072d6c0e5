"""The command: python -m tools.verify [--target platform | aws] [--yes]."""

import argparse
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tools.deploy.packages import PackageError, check_packages
from tools.deploy.target import Target, TargetError
from tools.deploy.terraform import TerraformError
from tools.platform.layout import PLATFORM, ROOT, Home
from tools.platform.lifecycle import PlatformError
from tools.verify import capture
from tools.verify.comparison import differences
from tools.verify.deployment import BUILD, Copy, on_aws, on_platform

WORKERS = "4"
PYTEST = (sys.executable, "-m", "pytest", "-q", "tests/e2e")
PROBLEMS = (
    PackageError,
    PlatformError,
    TargetError,
    TerraformError,
    BotoCoreError,
    ClientError,
)
# Tests that change what all share run after the others.
RUNS = (
    ("-n", WORKERS, "--dist", "loadfile", "-m", "verify and not alone"),
    ("-m", "verify and alone"),
)
ABOUT = """\
make verify deploys a copy of the release machine to {where}.
All its names begin with release-machine-verify. Tests make some 30 small pipelines there, from S3
to S3, and release them. At the end everything is destroyed, also if a test fails.

Time: about half an hour. Cost: an estimate of less than 1 US dollar, most of it for the minutes of
CodePipeline's actions.
"""


def main(arguments: list[str]) -> int:
    """Run one verification. Return 0, or 1 when a test failed or a message is on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.verify", description=__doc__)
    parser.add_argument("--target", choices=("platform", "aws"), default="platform")
    parser.add_argument("--home", type=Path, default=PLATFORM, help="folder of the platform")
    parser.add_argument("--yes", action="store_true", help="do not ask before AWS is used")
    options = parser.parse_args(arguments)
    try:
        if options.target == "platform":
            return verify(on_platform(Home(options.home.resolve())))
        # Whatever ends this command, the copy in the account is destroyed first.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        target = on_aws()
        if not (options.yes or agrees(target)):
            return 1
        # The emulator answers first: what AWS answers is compared with it.
        here = [sys.executable, "-m", "tools.verify", "--home", str(options.home)]
        if subprocess.run(here, cwd=ROOT, check=False).returncode:  # noqa: S603 - our own command
            return 1
        return verify(target)
    except PROBLEMS as error:
        sys.stderr.write(f"{error}\n")
        return 1


def agrees(target: Target) -> bool:
    """Say what will happen and what it costs, and ask."""
    say(ABOUT.format(where=target.description))
    if not sys.stdin.isatty():
        sys.stderr.write("Nobody can answer here. To go on without a question: make verify YES=1\n")
        return False
    return input("Go on? Type yes: ").strip() == "yes"


def verify(target: Target) -> int:
    """Deploy, test, capture and destroy on one target; compare; return the exit code."""
    check_packages(target.architecture)
    folder, copy = BUILD / f"{target.name}-capture", Copy(target)
    capture.begin(folder)
    try:
        say(f"Deploying the copy to {target.description}")
        say(f"Deployed the copy: {copy.deploy()} resources")
        failed = [run for run in RUNS if tests_fail(copy, folder, run)]
        capture.write_events(folder, copy.events())
    finally:
        say("Destroying the copy")
        try:
            copy.destroy()
        except BaseException:
            sys.stderr.write(
                "The copy is not destroyed. Run the command again: it goes on with what is left.\n"
            )
            raise
    report(folder)
    return 1 if failed else 0


def tests_fail(copy: Copy, folder: Path, run: tuple[str, ...]) -> bool:
    """Run a part of the tests; tell whether one failed."""
    own = {"RELEASE_MACHINE_OUTPUTS": str(copy.outputs), "RELEASE_MACHINE_CAPTURE": str(folder)}
    environment = copy.target.environment | own
    done = subprocess.run([*PYTEST, *run], cwd=ROOT, env=environment, check=False)  # noqa: S603 - our own command
    return done.returncode != 0


def report(folder: Path) -> None:
    """Print what was captured, and how the emulator differs from AWS if both are captured."""
    count = Counter(each["name"] for each in capture.read(folder))
    say(f"Captured {count.total()} answers and events of {len(count)} kinds in {short(folder)}")
    emulator, aws = (capture.read(BUILD / f"{name}-capture") for name in ("platform", "aws"))
    if not aws:
        say("There is no capture of AWS to compare with: make verify TARGET=aws makes one")
        return
    found = differences(emulator, aws)
    say(f"{len(found)} differences between the emulator and AWS:")
    for line in found:
        say(f"  {line}")


def short(path: Path) -> str:
    """Return a path as people type it in the repository."""
    return os.path.relpath(path, ROOT)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
