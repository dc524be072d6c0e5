#!/usr/bin/env python3
"""Stands for ``timeout`` in a guide: presses Ctrl-C when the command says what it waits for.

    timeout OPTION ... SECONDS COMMAND ...

A guide uses ``timeout`` for a reader who has seen enough. How long that takes depends on the
machine, so this does not look at the time.
"""

import signal
import subprocess
import sys

SEEN_ENOUGH = " waits for "


def main(arguments: list[str]) -> int:
    """Run the command, pass its output on, and return its exit code."""
    seconds = next(at for at, word in enumerate(arguments) if not word.startswith("-"))
    interrupted = False
    with subprocess.Popen(arguments[seconds + 1 :], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            if SEEN_ENOUGH in line and not interrupted:
                interrupted = True
                process.send_signal(signal.SIGINT)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
