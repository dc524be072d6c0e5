"""Starts, stops and describes the embedded platform (LocalStack)."""

import argparse
import os
import sys
from pathlib import Path

from tools.platform import environment, health, lifecycle
from tools.platform.layout import PLATFORM, Home


def main(arguments: list[str]) -> int:
    """Runs one command.

    Returns 0 on success, 1 with a message on failure, 2 for wrong usage.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.platform", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "env", "status"))
    parser.add_argument("--home", type=Path, default=PLATFORM, help="folder of the platform")
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
        raise lifecycle.PlatformError(f"PLATFORM_PORT must be a number, not {wanted!r}.")
    record, seconds = lifecycle.up(home, int(wanted) if wanted else None)
    took = f"started in {seconds:.1f} s" if seconds else "already runs"
    return f"Platform {took}: http://127.0.0.1:{record.port} (log: {_short(home.log)})"


def down(home: Home) -> str:
    """Stops the platform."""
    ended = lifecycle.down(home)
    return f"Platform stopped ({ended} processes)." if ended else "The platform was not running."


def env(home: Home) -> str:
    """The shell commands that point AWS tools to the platform."""
    return environment.as_shell(lifecycle.running(home).port, home.outputs)


def status(home: Home) -> str:
    """Describes the running platform; raises PlatformError if it does not answer."""
    record = lifecycle.running(home)
    counts = health.environment_counts(record.port)
    if counts is None or not health.dynamodb_answers(record.port):
        raise lifecycle.PlatformError(
            f"The platform (pid {record.pid}) does not answer. Restart it: make down up."
            f" Its log ends:\n{lifecycle.tail(home)}"
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
