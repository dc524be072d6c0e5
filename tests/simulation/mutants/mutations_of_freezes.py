"""Mutants of what freezes hold, and of the function that changes them."""

from tests.simulation.mutants.mutation import Mutant

_ONE = ("one frozen",)
_LIFTED = ("one frozen, lifted",)

OF_FREEZES = (
    Mutant(
        "start what was frozen before the claim",
        "release_core/apply/starts.py",
        "            if hold is None:\n",
        "            if hold is None or claimed.name:\n",
        _ONE,
    ),
    Mutant(
        "name no start as under way",
        "change_freeze/freezing.py",
        "if each[1].status is PipelineStatus.STARTING]",
        "if each[1].status is PipelineStatus.SKIPPED]",
        _ONE,
    ),
    Mutant(
        "look for starts before the freeze is on record",
        "change_freeze/freezing.py",
        "        freeze = read_freeze(request, self.clock())\n",
        "        freeze = read_freeze(request, self.clock())\n"
        "        before = self.ledger.nodes_in_releases(freeze.covers)\n"
        "        self.ledger.nodes_in_releases = lambda covered, runs: before\n",
        _ONE,
    ),
    Mutant(
        "look for what is held before the freeze is lifted",
        "change_freeze/freezing.py",
        '        scope = request.path.get("scope", "")\n',
        '        scope = request.path.get("scope", "")\n'
        "        before = self.ledger.nodes_in_releases(lambda name: is_covered(name, scope))\n"
        "        self.ledger.nodes_in_releases = lambda covered: before\n",
        _LIFTED,
    ),
    Mutant(
        "wake nothing when a freeze is lifted",
        "change_freeze/freezing.py",
        "        self.in_parallel(wake, range(len(tokens)))\n",
        "        self.in_parallel(wake, [])\n",
        _LIFTED,
    ),
    Mutant(
        "hold a rollback",
        "release_core/domain/release.py",
        "        return self.channel == ROLLBACK_CHANNEL or self.override is not None\n",
        "        return self.override is not None\n",
        ("rolled back while frozen",),
    ),
    Mutant(
        "forget when a freeze ends",
        "release_core/decide/decisions.py",
        "    held = _end_of_hold(release, pipeline)\n    if held and held <= now:",
        "    held = _end_of_hold(release, pipeline)\n    if held:",
        _ONE,
    ),
    Mutant(
        "hold a start that may have taken place",
        "release_core/apply/starts.py",
        "            if again:\n                self.resolve(now, claimed, hold=hold)\n",
        "            if again and not claimed.name:\n"
        "                self.resolve(now, claimed, hold=hold)\n",
        ("one frozen, with a fault",),
    ),
    Mutant(
        "record a hold again and again",
        "release_core/ledger/holds.py",
        'is_new = "attribute_not_exists(#held) OR #held <> :held"',
        'is_new = "attribute_not_exists(#held) OR #held = :held OR #held <> :held"',
        ("two in order, one slot, frozen",),
    ),
    Mutant(
        "keep the slot of a claim that is given back",
        "release_core/ledger/holds.py",
        'subtract={"in_flight": pipeline.name},',
        'subtract={"in_flight": f"not {pipeline.name}"},',
        ("two in order, one slot, frozen",),
    ),
    Mutant(
        "keep the slot of what is held before its claim",
        "release_core/ledger/holds.py",
        "        if pipeline.name in release.in_flight:\n",
        "        if pipeline.started_by and release.max_concurrency:\n",
        ("one slot, frozen, with a fault",),
    ),
)
