#!/usr/bin/env python3
"""Stands for ``timeout`` in a guide: presses Ctrl-C when the command says what it waits for.

    timeout OPTION ... SECONDS COMMAND ...

A guide uses ``timeout`` for a reader who has seen enough. How long that takes depends on the
machine, so this does not look at the time.
"""

import signal
import subprocess
import sys

SEEN_ENOUGH = (" waits for ", "frozen until ")


def main(arguments: list[str]) -> int:
    """Run the command, pass its output on in the order in which it came, and return its exit code.

    Both of its outputs go through one pipe: two would be read in another order than written.
    """
    seconds = next(at for at, word in enumerate(arguments) if not word.startswith("-"))
    command, interrupted = arguments[seconds + 1 :], False
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            if any(words in line for words in SEEN_ENOUGH) and not interrupted:
                interrupted = True
                process.send_signal(signal.SIGINT)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
