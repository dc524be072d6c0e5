"""Mutants of what happens to a release: its opening, its locks, its close and its rollback."""

from tests.simulation.mutation import CORE, Mutant

OF_RELEASES = (
    Mutant(
        "close a closed release",
        f"{CORE}/headers.py",
        'running = "#status = :running AND #execution_arn = :execution_arn"',
        'running = "(#status = :running OR #execution_arn = :execution_arn)"',
        ("one, cancelled",),
    ),
    Mutant(
        "add pipelines to a closed release",
        f"{CORE}/opening_ledger.py",
        'condition="#status = :running AND #execution_arn = :execution_arn"',
        'condition="#status = :running OR #execution_arn = :execution_arn"',
        ("one, cancelled",),
    ),
    Mutant(
        "open for a stopped execution",
        f"{CORE}/opening_ledger.py",
        'condition="attribute_not_exists(#ended)"',
        'condition="attribute_not_exists(#ended) OR attribute_exists(#ended)"',
        ("one, cancelled",),
    ),
    Mutant(
        "take a pipeline that is held",
        f"{CORE}/holders.py",
        '"attribute_not_exists(#held_by) OR #held_by = :held_by"',
        '"attribute_not_exists(#held_by) OR attribute_exists(#held_by) OR #held_by = :held_by"',
        ("one waits for the other",),
    ),
    Mutant(
        "wake nobody when a pipeline is free",
        f"{CORE}/closing.py",
        "                self.tokens.wake(token)\n",
        "",
        ("one waits for the other",),
    ),
    Mutant(
        "free nothing when closing",
        f"{CORE}/closing.py",
        "by the next try.\n            self._free(closed, execution_arn)\n",
        "by the next try.\n            pass\n",
    ),
    Mutant(
        "announced before it is",
        f"{CORE}/closing.py",
        "            self._announce(closed)\n"
        "            self.ledger.headers.mark_announced(closed)\n",
        "            self.ledger.headers.mark_announced(closed)\n"
        "            self._announce(closed)\n",
        ("one, a fault",),
    ),
    Mutant(
        "tell nobody of an orphan",
        f"{CORE}/orphans.py",
        '                self.bus.put(ORPHANED, {"releaseId": release_id, **ending.detail})\n',
        "",
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "close an orphan before it is told of",
        f"{CORE}/orphans.py",
        '                self.bus.put(ORPHANED, {"releaseId": release_id, **ending.detail})\n',
        "                self.headers.close(release.release_id, ending.makes,\n"
        "                    why=ending.why, execution_arn=execution_arn)\n"
        '                self.bus.put(ORPHANED, {"releaseId": release_id, **ending.detail})\n',
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "lose the cause of a stop",
        f"{CORE}/tokens.py",
        'cause=found.get("cause"),',
        "cause=None,",
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "announce an attempt that runs",
        f"{CORE}/closing.py",
        "if closed.status is not ReleaseStatus.RUNNING and not closed.announced:",
        "if not closed.announced:",
        ("cancelled, then resumed",),
    ),
    Mutant(
        "a release succeeds whatever its pipelines do",
        f"{CORE}/closing.py",
        "    if pipelines and not bad:",
        "    if pipelines:",
    ),
    Mutant(
        "the next attempt keeps the execution",
        f"{CORE}/opening_ledger.py",
        '("execution_id", "earlier_executions", "retried", "retry")',
        '("earlier_executions", "retried", "retry")',
        ("resumed",),
    ),
    Mutant(
        "roll nothing back",
        f"{CORE}/closing.py",
        "        if status is not ReleaseStatus.FAILED or ",
        "        if release.release_id or ",
        ("rolled back",),
    ),
    Mutant(
        "a rollback without pins",
        f"{CORE}/rolling_back.py",
        "            for pin in pins\n",
        "            for pin in ()\n",
        ("rolled back",),
    ),
    Mutant(
        "roll back what did not run",
        f"{CORE}/model.py",
        "        return self.ran_now or self.ran_before\n",
        "        return self.ran_now or not self.ran_before\n",
        ("rolled back in order",),
    ),
    Mutant(
        "a rollback that is not linked",
        f"{CORE}/opening_ledger.py",
        "        if opening.rolls_back is None:\n",
        "        if opening.execution_arn:\n",
        ("rolled back",),
    ),
    Mutant(
        "roll back over a later release",
        f"{CORE}/overtaking.py",
        "        if pipeline.ran\n",
        "        if not pipeline.ran\n",
        ("rolled back against another",),
    ),
    Mutant(
        "the hour finds nobody",
        f"{CORE}/headers.py",
        'only="attribute_not_exists(#announced_at) AND #status <> :rejected"',
        'only="attribute_exists(#announced_at) AND #status <> :rejected"',
        ("one, cancelled unheard, a crash",),
    ),
    Mutant(
        "forget which release ran a pipeline last",
        f"{CORE}/closing.py",
        "            ran_in = release.release_id if pipeline.ran_now else None\n",
        "            ran_in = None\n",
        ("rolled back against another",),
    ),
    Mutant(
        "what a rollback read is not read again",
        f"{CORE}/opening.py",
        '        if opening.channel == "rollback":\n',
        '        if opening.channel == "no rollback":\n',
        ("rolled back while another runs",),
    ),
    Mutant(
        "tell the workflow what was tallied, not what was kept",
        f"{CORE}/closing.py",
        '            "status": closed.status.value,\n            "why": closed.why,\n',
        '            "status": tally(closed)[0].value,\n            "why": closed.why,\n',
        ("one, cancelled",),
    ),
    Mutant(
        "drive pipelines that another release holds",
        f"{CORE}/reservations.py",
        "            if holder:\n"
        "                self.give_back(pipelines, opening.execution_arn)\n",
        "            if holder and not holder.release_id:\n"
        "                self.give_back(pipelines, opening.execution_arn)\n",
        ("one waits for the other",),
    ),
)
