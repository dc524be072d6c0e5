"""Mutants of what follows when CodePipeline skips a stage."""

from tests.simulation.mutants.mutation import Mutant

_REFUSES = (
    "        failure = why_skipped(skipped) if release.on_skipped is OnSkipped.FAIL else None\n"
)
_ACCEPTED = ("skipped and accepted",)
_REFUSED = ("skipped and refused, then resumed",)
_ROLLED_BACK = ("skipped and rolled back",)

OF_SKIPS = (
    Mutant(
        "keep as last good what was not deployed",
        "release_core/apply/ends.py",
        "        if not any(each.deploys for each in skipped):\n",
        "        if pipeline.name:\n",
        _ACCEPTED,
    ),
    Mutant(
        "see no skipped stage",
        "release_core/decide/skips.py",
        "        if stage in failed or stage not in ran\n",
        "        if stage in failed\n",
        _ACCEPTED,
    ),
    Mutant(
        "take a late list of actions for a skip",
        "release_core/apply/skips.py",
        "    if not (proved or is_shown):\n",
        "    if not pipeline.name:\n",
        _ACCEPTED,
    ),
    Mutant(
        "accept every skipped stage",
        "release_core/apply/ends.py",
        _REFUSES,
        "        failure = None\n",
        _REFUSED,
    ),
    Mutant(
        "accept no skipped stage",
        "release_core/apply/ends.py",
        _REFUSES,
        "        failure = why_skipped(skipped)\n",
        _ACCEPTED,
    ),
    Mutant(
        "a refused success has repaired its release",
        "release_core/rollback/past.py",
        " and not each.skipped_stages)\n",
        ")\n",
        _ROLLED_BACK,
    ),
)
