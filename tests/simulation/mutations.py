"""The seeded mutants: what is replaced, by what, and which scenarios are likely to notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One replacement in one file of lambdas/; the scenarios named are looked at first."""

    name: str
    file: str
    old: str
    new: str
    scenarios: tuple[str, ...] = ()


CORE = "release_core"

MUTANTS = (
    Mutant(
        "drop the condition of a status change",
        f"{CORE}/ledger.py",
        'as_seen = "#status = :seen AND #attempt = :attempt"',
        'as_seen = "(#status = :seen OR attribute_exists(#status)) AND #attempt = :attempt"',
        ("retried in the console",),
    ),
    Mutant(
        "settle before the end is recorded",
        f"{CORE}/apply_end.py",
        "        self.ledger.finish(\n            release.release_id,\n",
        "        from release_core.tokens import Tokens\n"
        "        if pipeline.task_token:\n"
        "            from release_core.clients import client\n"
        "            Tokens(client('stepfunctions')).settle(replace(pipeline, status=status))\n"
        "        self.ledger.finish(\n            release.release_id,\n",
    ),
    Mutant(
        "use the order of arrival",
        f"{CORE}/model.py",
        "return max(self.changes, key=lambda change: change.order, default=None)",
        "return self.changes[-1] if self.changes else None",
    ),
    Mutant(
        "ignore the attempt of a state",
        f"{CORE}/model.py",
        "return (self.state.final, self.attempt, rank)",
        "return (self.state.final, 0, rank)",
        ("one retried", "retried in the console"),
    ),
    Mutant(
        "start without a look after the claim",
        f"{CORE}/apply_start.py",
        "        now = self.ledger.read_pipeline(release.release_id, pipeline.name)\n"
        "        claimed =",
        "        from dataclasses import replace\n"
        "        seen = replace(pipeline, status=PipelineStatus.STARTING,\n"
        "                       starting_at=self.clock())\n"
        "        now = replace(release, pipelines={pipeline.name: seen})\n        claimed =",
        ("one, cancelled",),
    ),
    Mutant(
        "start although the release is over",
        f"{CORE}/apply_start.py",
        "        if not now.open:\n",
        "        if now.pipelines == {}:\n",
        ("one, cancelled",),
    ),
    Mutant(
        "start without the claim",
        f"{CORE}/apply_start.py",
        "        return self.ledger.claim_start(release.release_id, pipeline, self.actor)",
        "        return True",
    ),
    Mutant(
        "a fresh clientRequestToken for each try",
        f"{CORE}/codepipeline.py",
        '{pipeline.retried}"\n    return hashlib',
        '{pipeline.retried}\\n{pipeline.started_by}"\n    return hashlib',
        ("one, a fault",),
    ),
    Mutant(
        "do not absorb TaskTimedOut",
        f"{CORE}/tokens.py",
        '_GONE = {"TaskTimedOut", ',
        "_GONE = {",
    ),
    Mutant(
        "the look records nothing",
        f"{CORE}/apply_end.py",
        "        if state:\n            self._add(pipeline, state, attempt)",
        "        if state and not attempt:\n            self._add(pipeline, state, attempt)",
        ("one, a fault",),
    ),
    Mutant(
        "a later entry does not look",
        f"{CORE}/running.py",
        "            if release:\n                self.advance.look(",
        "            if release and first:\n                self.advance.look(",
        ("one, a fault",),
    ),
    Mutant(
        "record an end without looking again",
        f"{CORE}/apply_end.py",
        "        if self._went_on(pipeline, change, seen):\n            return\n        status =",
        "        status =",
        ("retried in the console",),
    ),
    Mutant(
        "end the pipeline before the halt",
        f"{CORE}/apply_end.py",
        "            self.ledger.headers.halt(release, pipeline.name)\n",
        "            pass\n",
    ),
    Mutant(
        "one slot too many",
        f"{CORE}/headers.py",
        "size(#in_flight) < :limit",
        "size(#in_flight) <= :limit",
        ("one at a time",),
    ),
    Mutant(
        "keep the slot",
        f"{CORE}/decide.py",
        "            yield Free(pipeline)",
        "            yield from ()",
        ("one at a time",),
    ),
    Mutant(
        "start when a dependency has begun",
        f"{CORE}/decide.py",
        "release.pipelines[name].status is PipelineStatus.SUCCEEDED for name in",
        "release.pipelines[name].status is not PipelineStatus.WAITING for name in",
        ("two in order",),
    ),
    Mutant(
        "leave what depends on a failure waiting",
        f"{CORE}/decide.py",
        "why_not = _why_not(release, now) or _bad_dependency(release, pipeline)",
        "why_not = None",
        ("two in order",),
    ),
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
        "retry without the claim of the retry",
        f"{CORE}/apply_end.py",
        "        if not decision.again and not self.ledger.claim_retry(",
        "        if not decision.again and self.ledger.claim_retry(",
        ("one retried",),
    ),
    Mutant(
        "claim a retry by a stale count",
        f"{CORE}/ledger.py",
        '"(attribute_not_exists(#retried) OR #retried = :retried_before)"',
        '"(attribute_not_exists(#retried) OR attribute_exists(#retried) '
        'OR #retried = :retried_before)"',
        ("retried by us and in the console",),
    ),
    Mutant(
        "give up a start that is on its way",
        f"{CORE}/apply_start.py",
        "        elif self._since(pipeline.start_tried_at) > CLAIM_WINDOW:",
        "        elif pipeline.name:",
        ("one, cancelled",),
    ),
    Mutant(
        "a stopped release stops nothing",
        f"{CORE}/decide.py",
        '        yield Stop(pipeline, f"release {release.release_id} is {release.status}")',
        "        yield from ()",
        ("one, cancelled",),
    ),
    Mutant(
        "onFailure stop stops nothing",
        f"{CORE}/decide.py",
        '        yield Stop(pipeline, f"{release.halted_by} did not succeed")',
        "        yield from ()",
        ("stop the others",),
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
    ),
    Mutant(
        "a release succeeds whatever its pipelines do",
        f"{CORE}/closing.py",
        "    if pipelines and not bad:",
        "    if pipelines:",
    ),
    Mutant(
        "an execution does not say whose it is",
        f"{CORE}/apply_start.py",
        "        self.ledger.executions.claim(execution_id, release_id=release.release_id, "
        "pipeline=pipeline)\n        self.ledger.bind",
        "        self.ledger.bind",
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
        f"{CORE}/rolling_back.py",
        "ran = [each for each in backwards if each.ran]",
        "ran = list(backwards)",
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
        f"{CORE}/rollback_reader.py",
        "            if pipeline.ran and not _rolls_back(",
        "            if not pipeline.ran and not _rolls_back(",
        ("rolled back against another",),
    ),
    Mutant(
        "forget which release ran a pipeline last",
        f"{CORE}/closing.py",
        "            ran_in = release.release_id if pipeline.ran else None\n",
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
)
