"""The mutants fit the current code."""

from pathlib import Path

import pytest

from tests.simulation.mutants.mutants import MUTANTS, apply
from tests.simulation.mutants.mutation import Mutant

LAMBDAS = Path(__file__).parents[3] / "lambdas"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place(mutant: Mutant, tmp_path: Path) -> None:
    """The text that the mutant replaces exists exactly once in its file."""
    file = tmp_path / mutant.file
    file.parent.mkdir(parents=True)
    before = (LAMBDAS / mutant.file).read_text(encoding="utf-8")
    file.write_text(before, encoding="utf-8")
    apply(mutant, tmp_path)
    assert file.read_text(encoding="utf-8") != before
