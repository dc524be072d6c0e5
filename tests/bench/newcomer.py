"""The newcomer's clock: make demo in a fresh clone, and again, and where the seconds go."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.tables import Table

ROOT = Path(__file__).resolve().parents[2]
# The steps that print their seconds: set-up, the platform, Terraform.
STEP = re.compile(r"^(?P<step>.*?)\s*(?:\(|started in )(?P<seconds>\d+\.\d) s\b")
# The release begins after the last deployment and ends before this line.
DEPLOYED, RELEASED = "infra/demo", "Live now:"
RELEASE, REST = "Release the demo", "everything else"

type Line = tuple[float, str]


def measure(*, short: bool) -> list[Table]:
    """Clone this commit, run make demo twice, and remove the clone."""
    del short  # this benchmark has no short form
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        try:
            first, again = (steps_of(_timed(clone, "demo")) for _ in range(2))
        finally:
            _timed(clone, "down")
    return [
        Table(
            caption="Seconds of `make demo`. The caches of uv, npm and Terraform were as before.",
            head=("", "fresh clone", "again"),
            rows=[
                (step, *(f"{each[step]:.1f}" if step in each else "" for each in (first, again)))
                for step in dict.fromkeys([*first, *again])
            ],
        )
    ]


def steps_of(lines: Sequence[Line]) -> Mapping[str, float]:
    """Return the seconds of each step, of the release, of the rest and of all together.

    A line is the seconds since the start, and the text. A line without text marks the end.
    """
    steps: dict[str, float] = {}
    deployed = 0.0
    for moment, text in lines:
        if found := STEP.match(text):
            steps[_name(found["step"])] = float(found["seconds"])
        if DEPLOYED in text:
            deployed = moment
        if text.startswith(RELEASED):
            steps[RELEASE] = moment - deployed
    total = lines[-1][0]
    return {**steps, REST: total - sum(steps.values()), "**all**": total}


def _name(step: str) -> str:
    """Return a name that is the same in both runs: without port and count."""
    deployed = re.match(r"(?:Deployed )?(infra\S*)", step)
    return f"Deploy {deployed[1]}" if deployed else step


def _timed(clone: Path, target: str) -> list[Line]:
    """Run make; return each line of its output with its time. The output is also shown."""
    # Variables of a running platform must not reach the clone's.
    own = ("AWS_", "RELEASE_MACHINE_", "TF_VAR_", "MAKE", "MFLAGS")
    shell = {name: text for name, text in os.environ.items() if not name.startswith(own)}
    began, lines = time.monotonic(), list[Line]()
    with subprocess.Popen(
        ["make", target],
        cwd=clone,
        env=shell | {"PLATFORM_PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            sys.stderr.write(line)
            lines.append((time.monotonic() - began, line.rstrip()))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, ["make", target])
    return [*lines, (time.monotonic() - began, "")]
