"""Mutants of releases that are held until their time."""

from tests.simulation.mutants.mutation import Mutant

_ALONE = ("one held",)
_WITH_LOCKS = ("one held, with its pipelines",)
_BEHIND = ("one held, two come before",)
_NO_LOCKS = "        if not opening.manifest.hold_locks:\n            self.ledger"

OF_HOLDS = (
    Mutant(
        "open a release before its time",
        "release_core/ledger/opening_items.py",
        " and now < self.manifest.not_before\n",
        " and now > now\n",
        _ALONE,
    ),
    Mutant(
        "reserve the pipelines of every held release",
        "open_release/reservations.py",
        _NO_LOCKS,
        "        if not opening.execution_arn:\n            self.ledger",
        _ALONE,
    ),
    Mutant(
        "reserve the pipelines of no held release",
        "open_release/reservations.py",
        _NO_LOCKS,
        "        if opening.execution_arn:\n            self.ledger",
        _WITH_LOCKS,
    ),
    Mutant(
        "let a held release overtake",
        "release_core/ledger/opening_items.py",
        "            since = max(since, start)\n",
        "            since = min(since, start)\n",
        _BEHIND,
    ),
    Mutant(
        "forget that a release is held",
        "open_release/opening.py",
        '{"BUSY", "HELD"}',
        '{"BUSY"}',
        _ALONE,
    ),
    Mutant(
        "list a held release after its end",
        "release_core/ledger/locks.py",
        "Update(put=pending_entry(opening), condition=_STILL_OPENING)",
        "Update(put=pending_entry(opening))",
        _ALONE,
    ),
    Mutant(
        "leave an entry in the list of a stopped release",
        "release_core/ledger/items.py",
        '    if "waits_for" not in item and "listing" not in item:\n',
        '    if "waits_for" not in item:\n',
        _ALONE,
    ),
    Mutant(
        "hold a release for too long",
        "release_core/decide/timing.py",
        "    return max(1, math.ceil((moment - now).total_seconds()))\n",
        "    return 31_536_000\n",
        _ALONE,
    ),
)
