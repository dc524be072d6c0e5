"""What a soak draws is valid for the machine and for the emulator."""

from random import Random

import pytest

from localstack_codepipeline.faults import read_fault
from release_core.clock import now
from release_core.manifest.checks import check_manifest
from tests.soak.drawn import draw_fault, draw_manifest

PIPELINES = [f"soak-{letter}" for letter in "abcdefgh"]


@pytest.mark.parametrize("seed", range(40))
def test_every_manifest_is_valid(seed: int) -> None:
    """By its text alone; the pipelines exist on the platform."""
    document = draw_manifest(Random(seed), "r", PIPELINES)  # noqa: S311  # no secret
    assert check_manifest(document, declared=None).release_id == "r"


@pytest.mark.parametrize("seed", range(60))
def test_every_fault_is_one_of_the_emulator(seed: int) -> None:
    """The emulator refuses what it does not know."""
    fault = draw_fault(Random(seed), PIPELINES)  # noqa: S311  # no secret
    assert read_fault(fault, fault_id="f", now=now()).shown()["effect"] == fault["effect"]


def test_the_same_seed_draws_the_same() -> None:
    """So that a soak can be repeated."""
    first, second = (
        [draw_manifest(draw, "r", PIPELINES), draw_fault(draw, PIPELINES)]
        for draw in (Random(7), Random(7))  # noqa: S311  # no secret
    )
    assert first == second
