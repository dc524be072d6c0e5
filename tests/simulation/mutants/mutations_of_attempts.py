"""Mutants of what belongs to one attempt, and of locks that several releases want.

Not here, because it changes nothing: a resume that lists pipelines that have succeeded. Their tasks
find the success on record and are settled at once.
"""

from tests.simulation.mutants.mutation import Mutant

_ONE_AT_A_TIME = ("resumed and cancelled, one at a time",)

OF_ATTEMPTS = (
    Mutant(
        "retry what a person has stopped",
        "release_core/decide/decisions.py",
        "        latest.state is ExecutionState.FAILED\n        and not pipeline.stop",
        "        latest.state in {ExecutionState.FAILED, ExecutionState.STOPPED}\n"
        "        and not pipeline.stop",
        ("stopped or overtaken from outside",),
    ),
    Mutant(
        "retry what was superseded",
        "release_core/decide/decisions.py",
        "        latest.state is ExecutionState.FAILED\n        and not pipeline.stop",
        "        latest.state in {ExecutionState.FAILED, ExecutionState.SUPERSEDED}\n"
        "        and not pipeline.stop",
        ("stopped or overtaken from outside",),
    ),
    Mutant(
        "claim an execution of the former attempt",
        "release_core/ledger/executions.py",
        'ours = "#release_id = :release_id AND #attempt = :attempt"',
        'ours = "#release_id = :release_id"',
        _ONE_AT_A_TIME,
    ),
    Mutant(
        "free a slot of the next attempt",
        "release_core/ledger/headers.py",
        '        same_attempt = "#attempt = :attempt"\n'
        "        written = self._releases.update(\n"
        "            header_key(release.release_id),\n"
        "            Update(\n"
        '                subtract={"in_flight": pipeline},\n',
        '        same_attempt = "attribute_exists(#attempt) OR #attempt = :attempt"\n'
        "        written = self._releases.update(\n"
        "            header_key(release.release_id),\n"
        "            Update(\n"
        '                subtract={"in_flight": pipeline},\n',
        _ONE_AT_A_TIME,
    ),
    Mutant(
        "halt the next attempt",
        "release_core/ledger/headers.py",
        'not_halted = "attribute_not_exists(#halted_by) AND #attempt = :attempt"',
        'not_halted = "attribute_not_exists(#halted_by) AND #attempt >= :attempt"',
        _ONE_AT_A_TIME,
    ),
    Mutant(
        "a failed take wakes nobody",
        "open_release/reservations.py",
        "        self.give_back(held, opening.execution_arn)\n",
        "        for name in held:\n"
        "            self.ledger.locks.free(name, opening.execution_arn)\n",
        ("three releases of two pipelines",),
    ),
    Mutant(
        "take a lock from a release that lives",
        "open_release/reservations.py",
        "            if not has_ended(rival):\n",
        "            if not has_ended(rival) and isinstance(rival, Place):\n",
        ("three releases of two pipelines",),
    ),
    Mutant(
        "take over from another than the ended holder",
        "release_core/ledger/locks.py",
        'same_ended = " OR #held_by = :ended" if ended else ""',
        'same_ended = " OR attribute_exists(#held_by) OR #held_by = :ended" if ended else ""',
        ("two take over from a cancelled release",),
    ),
    Mutant(
        "read what was live before the locks",
        "open_release/opening.py",
        "        manifest = opening.manifest\n"
        "        holder = self.ledger.get_header(manifest.release_id)\n",
        "        manifest = opening.manifest\n"
        "        early = self.ledger.last_good(manifest.names)\n"
        "        self.ledger.last_good = lambda names: early\n"
        "        holder = self.ledger.get_header(manifest.release_id)\n",
        ("rolled back to what another release shipped",),
    ),
    Mutant(
        "reopen what was rolled back",
        "release_core/ledger/opening_items.py",
        '        condition=f"{as_seen} AND {not_rolled_back} AND {NOT_EXPIRING}",\n',
        '        condition=f"{as_seen} AND {NOT_EXPIRING}",\n',
        ("resumed, or rolled back elsewhere",),
    ),
    Mutant(
        "count a time limit from the opening",
        "release_core/decide/decisions.py",
        "        limits.append(pipeline.started_at + pipeline.time_limit)\n",
        "        limits.append(release.began_at + pipeline.time_limit)\n",
        ("two in order, the second limited",),
    ),
    Mutant(
        "run what has succeeded again",
        "release_core/decide/resume.py",
        "    return frozenset(ended - asked_again)\n",
        "    return frozenset(asked_again)\n",
        ("two, resumed",),
    ),
    Mutant(
        "plan a stop after it",
        "release_core/apply/stops.py",
        "        self.ledger.pipelines.plan_stop(\n"
        "            release.release_id, pipeline, why=decision.why, timed_out=decision.timed_out\n"
        "        )\n"
        "        accepted = self.codepipeline.stop(\n"
        "            pipeline.name, pipeline.execution_id, reason=decision.why, "
        "abandon=release.abandons\n"
        "        )\n",
        "        accepted = self.codepipeline.stop(\n"
        "            pipeline.name, pipeline.execution_id, reason=decision.why, "
        "abandon=release.abandons\n"
        "        )\n"
        "        self.ledger.pipelines.plan_stop(\n"
        "            release.release_id, pipeline, why=decision.why, timed_out=decision.timed_out\n"
        "        )\n",
        ("one, cancelled",),
    ),
    Mutant(
        "count a retry that is taken over again",
        "release_core/ledger/pipelines.py",
        "        number = pipeline.retried + (takes_over is None)\n",
        "        number = pipeline.retried + 1\n",
        ("retried twice, a crash",),
    ),
    Mutant(
        "free the pipelines before they are stopped",
        "close_release/closing.py",
        "        try:\n            self.advance.finish_closed(release_id)\n",
        "        self._free(closed, execution_arn)\n"
        "        try:\n            self.advance.finish_closed(release_id)\n",
        ("one, cancelled",),
    ),
    Mutant(
        "a late task registers in the next attempt",
        "release_core/ledger/pipelines.py",
        '        same_attempt = " AND #attempt = :attempt" if attempt else ""\n',
        '        same_attempt = " AND #attempt >= :attempt" if attempt else ""\n',
        ("cancelled while its tasks go on, then resumed",),
    ),
)
