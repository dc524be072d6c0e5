"""The command: python -m tools.platform up | down | env | status."""

import argparse
import os
import sys
from pathlib import Path

from tools.platform import environment, health, lifecycle
from tools.platform.layout import PLATFORM, Home


def main(arguments: list[str]) -> int:
    """Runs one command.

    0 when it did what it says, 1 with a message when it could not, 2 for wrong usage.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.platform", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "env", "status"))
    parser.add_argument("--home", type=Path, default=PLATFORM, help="folder of this platform")
    options = parser.parse_args(arguments)
    home = Home(options.home.resolve())
    commands = {"up": up, "down": down, "env": env, "status": status}
    try:
        sys.stdout.write(commands[options.command](home) + "\n")
    except lifecycle.PlatformError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def up(home: Home) -> str:
    """Starts the platform."""
    wanted = os.environ.get("PLATFORM_PORT")
    if wanted and not wanted.isdecimal():
        raise lifecycle.PlatformError(f"PLATFORM_PORT is a number, not {wanted!r}.")
    record, seconds = lifecycle.up(home, int(wanted) if wanted else None)
    took = f"up in {seconds:.1f} s" if seconds else "already up"
    return f"Platform {took}: http://127.0.0.1:{record.port} (log: {_short(home.log)})"


def down(home: Home) -> str:
    """Ends the platform."""
    ended = lifecycle.down(home)
    return (
        f"Platform down: {ended} processes ended, none left."
        if ended
        else "Platform: nothing was running."
    )


def env(home: Home) -> str:
    """Prints what a shell has to set."""
    return environment.as_shell(lifecycle.running(home).port, home.outputs)


def status(home: Home) -> str:
    """Says whether the platform is well."""
    record = lifecycle.running(home)
    counts = health.environment_counts(record.port)
    if counts is None or not health.dynamodb_answers(record.port):
        raise lifecycle.PlatformError(
            f"The platform (pid {record.pid}) does not answer; its log ends:\n"
            f"{lifecycle.tail(home)}"
        )
    return (
        f"Platform: http://127.0.0.1:{record.port}, pid {record.pid},"
        f" {lifecycle.memory_mb(record)} MB, {counts['environments']} Lambda environments"
        f" ({counts['idle']} idle, at most {counts['limit']})"
    )


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
