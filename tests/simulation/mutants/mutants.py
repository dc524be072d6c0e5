"""Mutants of the real functions; the simulation must kill each one.

A mutant is the code with one text replaced, in a copy of lambdas/ that comes first on the path of
its own process. If the text no longer exists, that is an error: update the mutant.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.simulation.mutants.mutation import Mutant
from tests.simulation.mutants.mutations_of_announcements import OF_ANNOUNCEMENTS
from tests.simulation.mutants.mutations_of_approvals import OF_APPROVALS
from tests.simulation.mutants.mutations_of_attempts import OF_ATTEMPTS
from tests.simulation.mutants.mutations_of_calendars import OF_CALENDARS
from tests.simulation.mutants.mutations_of_freezes import OF_FREEZES
from tests.simulation.mutants.mutations_of_holds import OF_HOLDS
from tests.simulation.mutants.mutations_of_order import OF_ORDER
from tests.simulation.mutants.mutations_of_pipelines import OF_PIPELINES
from tests.simulation.mutants.mutations_of_releases import OF_RELEASES
from tests.simulation.mutants.mutations_of_skips import OF_SKIPS

ROOT = Path(__file__).parents[3]
MUTANTS = (
    *OF_PIPELINES,
    *OF_RELEASES,
    *OF_ATTEMPTS,
    *OF_SKIPS,
    *OF_ORDER,
    *OF_HOLDS,
    *OF_APPROVALS,
    *OF_FREEZES,
    *OF_CALENDARS,
    *OF_ANNOUNCEMENTS,
)
LIMIT = 180  # seconds for one mutant


@dataclass(frozen=True)
class Verdict:
    """The result for a mutant: the promise that killed it, or an empty text."""

    mutant: str
    killed_by: str
    where: str
    schedules: int
    seconds: float


def run_mutants(names: list[str]) -> int:
    """Print the table of all mutants, or of the named ones; return 1 if one survived."""
    chosen = [each for each in MUTANTS if not names or each.name in names]
    print(f"{'mutant':44} {'killed by':38} {'in':28} {'schedules':>9} {'s':>5}")  # noqa: T201  # a table
    survived = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(hunt, chosen):
            survived += not verdict.killed_by
            print(  # noqa: T201  # the same table
                f"{verdict.mutant:44} {verdict.killed_by or 'NOTHING':38} {verdict.where:28} "
                f"{verdict.schedules:9,} {verdict.seconds:5.1f}",
                flush=True,
            )
    print(f"{len(chosen) - survived} of {len(chosen)} killed")  # noqa: T201  # the sum of the table
    return min(survived, 1)


def hunt(mutant: Mutant) -> Verdict:
    """Make a mutant and let the simulation search for it; raises LookupError if it is outdated."""
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder) / "lambdas"
        shutil.copytree(ROOT / "lambdas", copy, ignore=shutil.ignore_patterns("__pycache__"))
        apply(mutant, copy)
        try:
            done = _hunting(copy, mutant)
        except subprocess.TimeoutExpired:
            return Verdict(mutant.name, "", "", 0, monotonic() - began)
    if done.returncode:
        raise RuntimeError(f"{mutant.name}:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Verdict(mutant.name, **told, seconds=monotonic() - began)


def _hunting(copy: Path, mutant: Mutant) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation.mutants.hunting", str(copy), *mutant.scenarios],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def apply(mutant: Mutant, lambdas: Path) -> None:
    """Replace the mutant's text, which must exist exactly once."""
    path = lambdas / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise LookupError(
            f"mutant {mutant.name!r}: its text is {text.count(mutant.old)} times in {mutant.file}"
        )
    path.write_text(text.replace(mutant.old, mutant.new))
