"""Mutants of what is announced, when, and under which id."""

from tests.simulation.mutants.mutation import Mutant

_ANNOUNCER = "release_core/apply/announcer.py"
_ADVANCE = "release_core/apply/advance.py"

OF_ANNOUNCEMENTS = (
    Mutant(
        "settle without an announcement",
        _ANNOUNCER,
        "        if ENDED not in node.announcements:\n",
        "        if ENDED in node.announcements:\n",
        ("one retried",),
    ),
    Mutant(
        "mark a pipeline as settled before it is announced",
        _ADVANCE,
        "        # Before the mark: a crash between the two repeats the announcement.\n",
        "        self.ledger.pipelines.mark_settled(release.release_id, pipeline)\n",
        ("one, a fault",),
    ),
    Mutant(
        "mark an end that the bus refused",
        _ADVANCE,
        "        if not self._announces(pipeline, lambda: self.announcer.end(release, pipeline)):\n"
        "            return\n",
        "        self._announces(pipeline, lambda: self.announcer.end(release, pipeline))\n",
        ("one, a fault",),
    ),
    Mutant(
        "announce a repeated end under another id",
        "release_core/domain/announcements.py",
        "identity=(node.name, node.ended_at)",
        "identity=(node.name, node.registrations)",
        ("one, a fault",),
    ),
    Mutant(
        "announce all ends under one id",
        "release_core/domain/announcements.py",
        "identity=(node.name, node.ended_at)",
        "identity=()",
        ("two in order",),
    ),
    Mutant(
        "forget the ends that no task settles",
        _ANNOUNCER,
        "            if is_end_missing(release, node)\n",
        "            if node.settled and is_end_missing(release, node)\n",
        ("one, cancelled",),
    ),
    Mutant(
        "forget the votes of an approval that has ended",
        _ANNOUNCER,
        "        for vote in missing_votes(node):\n            yield",
        "        for vote in missing_votes(node)[:0]:\n            yield",
        ("asked between two", "two have to approve"),
    ),
    Mutant(
        "mark a start before it is announced, and not at the close",
        _ANNOUNCER,
        "        missing = STARTED not in release.announcements\n",
        "        missing = False\n",
        ("one, a fault",),
    ),
    Mutant(
        "tell nobody that people are asked",
        "release_core/decide/missing.py",
        "    return is_asked and ASKED not in node.announcements\n",
        "    return is_asked and ASKED in node.announcements\n",
        ("answered while it expires",),
    ),
)
