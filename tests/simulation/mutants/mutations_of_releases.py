"""Mutants of a release's opening, locks, close and rollback."""

from tests.simulation.mutants.mutation import Mutant

OF_RELEASES = (
    Mutant(
        "close a closed release",
        "release_core/ledger/headers.py",
        'running = "#status = :running AND #execution_arn = :execution_arn"',
        'running = "(#status = :running OR #execution_arn = :execution_arn)"',
        ("one, cancelled",),
    ),
    Mutant(
        "add pipelines to a closed release",
        "release_core/ledger/openings.py",
        'condition="#status = :running AND #execution_arn = :execution_arn"',
        'condition="#status = :running OR #execution_arn = :execution_arn"',
        ("one, cancelled",),
    ),
    Mutant(
        "open for a stopped execution",
        "release_core/ledger/openings.py",
        'condition="attribute_not_exists(#ended)"',
        'condition="attribute_not_exists(#ended) OR attribute_exists(#ended)"',
        ("one, cancelled",),
    ),
    Mutant(
        "take a pipeline that is held",
        "release_core/ledger/locks.py",
        '"attribute_not_exists(#held_by) OR #held_by = :held_by"',
        '"attribute_not_exists(#held_by) OR attribute_exists(#held_by) OR #held_by = :held_by"',
        ("one waits for the other",),
    ),
    Mutant(
        "wake nobody when a pipeline is free",
        "release_core/apply/unlock.py",
        "        step_functions.wake(token)\n",
        "",
        ("one waits for the other",),
    ),
    Mutant(
        "free nothing when closing",
        "close_release/closing.py",
        "by the next try.\n            self._free(closed, execution_arn)\n",
        "by the next try.\n            pass\n",
    ),
    Mutant(
        "announced before it is",
        "close_release/closing.py",
        "            self._announce(closed)\n"
        "            self.ledger.headers.mark_announced(closed)\n",
        "            self.ledger.headers.mark_announced(closed)\n"
        "            self._announce(closed)\n",
        ("one, a fault",),
    ),
    Mutant(
        "tell nobody of an orphan",
        "release_core/apply/orphans.py",
        '                self.bus.put(ORPHANED, {"releaseId": release_id, **end.detail})\n',
        "",
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "close an orphan before it is told of",
        "release_core/apply/orphans.py",
        '                self.bus.put(ORPHANED, {"releaseId": release_id, **end.detail})\n',
        "                self.ledger.headers.close(release.release_id, end.release_status,\n"
        "                    why=end.why, execution_arn=execution_arn)\n"
        '                self.bus.put(ORPHANED, {"releaseId": release_id, **end.detail})\n',
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "lose the cause of a stop",
        "release_core/aws/step_functions.py",
        'cause=found.get("cause"),',
        "cause=None,",
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "announce an attempt that runs",
        "close_release/closing.py",
        "if closed.status is not ReleaseStatus.RUNNING and not closed.announced:",
        "if not closed.announced:",
        ("cancelled, then resumed",),
    ),
    Mutant(
        "a release succeeds whatever its pipelines do",
        "release_core/decide/outcome.py",
        "    if pipelines and not unsuccessful:",
        "    if pipelines:",
    ),
    Mutant(
        "the next attempt keeps the execution",
        "release_core/ledger/opening_items.py",
        '("execution_id", "earlier_executions", "retried", "retry")',
        '("earlier_executions", "retried", "retry")',
        ("resumed",),
    ),
    Mutant(
        "roll nothing back",
        "close_release/closing.py",
        "        if status is not ReleaseStatus.FAILED or ",
        "        if release.release_id or ",
        ("rolled back",),
    ),
    Mutant(
        "a rollback without pins",
        "release_core/rollback/manifest.py",
        "            for pin in pins\n",
        "            for pin in ()\n",
        ("rolled back",),
    ),
    Mutant(
        "roll back what did not run",
        "release_core/domain/release.py",
        "        return self.ran_now or self.ran_before\n",
        "        return self.ran_now or not self.ran_before\n",
        ("rolled back in order",),
    ),
    Mutant(
        "a rollback that is not linked",
        "release_core/ledger/openings.py",
        "        if opening.rolls_back:\n",
        "        if not opening.execution_arn:\n",
        ("rolled back",),
    ),
    Mutant(
        "roll back over a later release",
        "release_core/rollback/later_releases.py",
        "        if pipeline.ran\n",
        "        if not pipeline.ran\n",
        ("rolled back against another",),
    ),
    Mutant(
        "the hour finds nobody",
        "release_core/ledger/reader.py",
        'only="attribute_not_exists(#announced_at) AND #status <> :rejected"',
        'only="attribute_exists(#announced_at) AND #status <> :rejected"',
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "forget which release ran a pipeline last",
        "close_release/closing.py",
        "            ran_in = release.release_id if pipeline.ran_now else None\n",
        "            ran_in = None\n",
        ("rolled back against another",),
    ),
    Mutant(
        "what a rollback read is not read again",
        "open_release/opening.py",
        '        if opening.channel == "rollback":\n',
        '        if opening.channel == "no rollback":\n',
        ("rolled back while another runs",),
    ),
    Mutant(
        "tell the workflow what was tallied, not what was kept",
        "close_release/closing.py",
        '            "status": closed.status.value,\n            "why": closed.why,\n',
        '            "status": tally(closed)[0].value,\n            "why": closed.why,\n',
        ("one, cancelled",),
    ),
    Mutant(
        "drive pipelines that another release holds",
        "open_release/reservations.py",
        "            if holder:\n"
        "                self.give_back(pipelines, opening.execution_arn)\n",
        "            if holder and not holder.release_id:\n"
        "                self.give_back(pipelines, opening.execution_arn)\n",
        ("one waits for the other",),
    ),
)
