"""The benchmarks: python -m tests.bench [NAME ...] [--short].

They measure the deployment that the environment names, and write docs/performance.md. make bench
gives them a platform of their own. With --short each takes seconds and nothing is written: this
shows only that the benchmarks run.
"""

import argparse
import importlib
import sys
import time
from dataclasses import replace

from tests.bench import page

NAMES = ("settle_latency", "cost", "makespan", "scale", "throttled", "cold_start", "newcomer")
# It clones the repository and installs everything.
BY_HAND = ("newcomer",)


def main(arguments: list[str]) -> int:
    """Run the benchmarks and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--short", action="store_true", help="small ones, and write nothing")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    names = options.names or [each for each in NAMES if not (options.short and each in BY_HAND)]
    for name in names:
        measured, started = page.machine(), time.monotonic()
        say(f"## {name}\n")
        tables = importlib.import_module(f"tests.bench.{name}").measure(short=options.short)
        if options.short:  # small runs say nothing about goals
            tables = [replace(each, goals=()) for each in tables]
        text = page.section(tables, measured=f"{measured}, {time.monotonic() - started:.0f} s")
        say(f"{text}\n")
        if not options.short:
            page.write(name, text)
    return 0


def say(text: str) -> None:
    """Print at once: a benchmark takes minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
