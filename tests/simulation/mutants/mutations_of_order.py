"""Mutants of what the end of one pipeline means for the others.

Not here, because it changes nothing: a dependent that is looked at although others still block it.
The decision reads the status of each pipeline before it.
"""

from tests.simulation.mutants.mutation import Mutant

_IN_LINE = ("three, one at a time",)

OF_ORDER = (
    Mutant(
        "forget to unblock the dependents",
        "release_core/ledger/pipelines.py",
        'Update(subtract={"blocked_by": str(by.position)}, condition=pipeline_exists)',
        'Update(subtract={"blocked_by": str(by.position + 1)}, condition=pipeline_exists)',
        ("two before one",),
    ),
    Mutant(
        "start a dependent one success too early",
        "release_core/apply/spread.py",
        "dependent and not dependent.blocked_by and not dependent.settled:\n",
        "dependent and len(dependent.blocked_by) == 1:\n",
        ("two before one",),
    ),
    Mutant(
        "block the next attempt by what has succeeded",
        "release_core/ledger/openings.py",
        "str(nodes[name].position) for name in each.depends_on if name in waiting\n",
        "str(nodes[name].position) for name in each.depends_on if name in nodes\n",
        ("two before one, resumed",),
    ),
    Mutant(
        "skip only the direct dependents",
        "release_core/apply/spread.py",
        "                waiting += self._affected_by(seen, node, is_first=each == name)\n",
        "                _ = list(self._affected_by(seen, node, is_first=each == name))\n",
        ("three in a chain",),
    ),
    Mutant(
        "settle before the dependents are started",
        "release_core/apply/spread.py",
        "                waiting += self._affected_by(",
        "                self.settle(seen, node)\n                waiting += self._affected_by(",
        ("three in a chain",),
    ),
    Mutant(
        "halt and leave the others alone",
        "release_core/apply/spread.py",
        "            if seen.halted_by == each and not node.settled:\n",
        '            if seen.halted_by == "":\n',
        ("stop the others",),
    ),
    Mutant(
        "a freed slot starts nobody",
        "release_core/apply/spread.py",
        "            yield from self._in_line(release)\n",
        "            pass\n",
        _IN_LINE,
    ),
    Mutant(
        "do not claim a slot again after lining up",
        "release_core/apply/starts.py",
        "        has_slot = self._claim_slot(release, pipeline)\n",
        "        has_slot = False\n",
        ("one at a time",),
    ),
    Mutant(
        "nobody lines up",
        "release_core/apply/starts.py",
        "        self.ledger.line.join(release, pipeline)\n",
        "",
        _IN_LINE,
    ),
)
