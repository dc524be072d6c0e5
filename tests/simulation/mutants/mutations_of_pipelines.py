"""Mutants of one pipeline's start, end, retries, limits and order."""

from tests.simulation.mutants.mutation import Mutant

OF_PIPELINES = (
    Mutant(
        "drop the condition of a status change",
        "release_core/ledger/pipelines.py",
        'as_seen = "#status = :seen AND #attempt = :attempt"',
        'as_seen = "(#status = :seen OR attribute_exists(#status)) AND #attempt = :attempt"',
        ("retried in the console",),
    ),
    Mutant(
        "settle before the end is recorded",
        "release_core/apply/ends.py",
        "        self.ledger.pipelines.record_end(\n            release.release_id,\n",
        "        from release_core.aws.step_functions import StepFunctions\n"
        "        if pipeline.task_token:\n"
        "            from release_core.aws.clients import client\n"
        "            step_functions = StepFunctions(client('stepfunctions'))\n"
        "            step_functions.settle(replace(pipeline, status=status))\n"
        "        self.ledger.pipelines.record_end(\n            release.release_id,\n",
    ),
    Mutant(
        "use the order of arrival",
        "release_core/domain/execution.py",
        "return max(self.changes, key=lambda change: change.order, default=None)",
        "return self.changes[-1] if self.changes else None",
    ),
    Mutant(
        "ignore the attempt of a state",
        "release_core/domain/execution.py",
        "return (self.state.final, self.attempt, rank)",
        "return (self.state.final, 0, rank)",
        ("one retried", "retried in the console"),
    ),
    Mutant(
        "start without a look after the claim",
        "release_core/apply/starts.py",
        "        now = self.ledger.get_pipeline(release.release_id, pipeline.name)\n"
        "        claimed =",
        "        from dataclasses import replace\n"
        "        seen = replace(pipeline, status=PipelineStatus.STARTING,\n"
        "                       starting_at=self.clock())\n"
        "        now = replace(release, pipelines={pipeline.name: seen})\n        claimed =",
        ("one, cancelled",),
    ),
    Mutant(
        "start although the release is over",
        "release_core/apply/starts.py",
        "        if not now.open:\n",
        "        if now.pipelines == {}:\n",
    ),
    Mutant(
        "start without the claim",
        "release_core/apply/starts.py",
        "        return self.ledger.pipelines.claim_start("
        "release.release_id, pipeline, self.actor)",
        "        return True",
    ),
    Mutant(
        "a fresh clientRequestToken for each try",
        "release_core/aws/codepipeline.py",
        '{pipeline.retried}"\n    return hashlib',
        '{pipeline.retried}\\n{pipeline.started_by}"\n    return hashlib',
        ("rolled back",),
    ),
    Mutant(
        "do not absorb TaskTimedOut",
        "release_core/aws/step_functions.py",
        '_GONE = {"TaskTimedOut", ',
        "_GONE = {",
    ),
    Mutant(
        "the look records nothing",
        "release_core/apply/ends.py",
        "        if state:\n            self._add(pipeline, state, attempt)",
        "        if state and not attempt:\n            self._add(pipeline, state, attempt)",
        ("one, a fault",),
    ),
    Mutant(
        "a later task does not look",
        "run_pipeline/running.py",
        "                if release:\n                    self.advance.record_look(",
        "                if release and first:\n                    self.advance.record_look(",
        ("one, a fault",),
    ),
    Mutant(
        "record an end without looking again",
        "release_core/apply/ends.py",
        "        if self._has_changed(pipeline, seen):\n            return\n        failure, ",
        "        failure, ",
        ("retried in the console",),
    ),
    Mutant(
        "end the pipeline before the halt",
        "release_core/apply/ends.py",
        "            self.ledger.headers.halt(release, pipeline.name)\n",
        "            pass\n",
    ),
    Mutant(
        "one slot too many",
        "release_core/ledger/headers.py",
        "size(#in_flight) < :limit",
        "size(#in_flight) <= :limit",
        ("one at a time",),
    ),
    Mutant(
        "keep the slot",
        "release_core/decide/decisions.py",
        "            yield Free(pipeline)",
        "            yield from ()",
        ("one at a time",),
    ),
    Mutant(
        "start when a dependency has begun",
        "release_core/decide/decisions.py",
        "release.pipelines[name].status is PipelineStatus.SUCCEEDED for name in",
        "release.pipelines[name].status is not PipelineStatus.WAITING for name in",
        ("two in order",),
    ),
    Mutant(
        "leave dependents of a failure waiting",
        "release_core/decide/decisions.py",
        "why_not = _why_not(release, now) or _unmet_dependency(release, pipeline)",
        "why_not = None",
        ("two in order",),
    ),
    Mutant(
        "retry without the claim of the retry",
        "release_core/apply/ends.py",
        "        elif self.ledger.pipelines.claim_retry(",
        "        elif not self.ledger.pipelines.claim_retry(",
        ("one retried",),
    ),
    Mutant(
        "claim a retry by a stale count",
        "release_core/ledger/pipelines.py",
        '"(attribute_not_exists(#retried) OR #retried = :retried_before)"',
        '"(attribute_not_exists(#retried) OR attribute_exists(#retried) '
        'OR #retried = :retried_before)"',
        ("retried by us and in the console",),
    ),
    Mutant(
        "give up a claimed start",
        "release_core/apply/starts.py",
        "        elif self._since(pipeline.start_tried_at) > CLAIM_WINDOW:",
        "        elif pipeline.name:",
        ("one, cancelled",),
    ),
    Mutant(
        "a stopped release stops nothing",
        "release_core/decide/decisions.py",
        '        yield Stop(pipeline, f"release {release.release_id} is {release.status}")',
        "        yield from ()",
        ("one, cancelled",),
    ),
    Mutant(
        "onFailure stop stops nothing",
        "release_core/decide/decisions.py",
        '        yield Stop(pipeline, f"{release.halted_by} did not succeed")',
        "        yield from ()",
        ("stop the others",),
    ),
    Mutant(
        "do not record the owner of an execution",
        "release_core/apply/starts.py",
        "        self.ledger.executions.claim(execution_id, release_id=release.release_id, "
        "pipeline=pipeline)\n        self.ledger.pipelines.bind",
        "        self.ledger.pipelines.bind",
    ),
    Mutant(
        "fail before the retries are used up",
        "release_core/decide/decisions.py",
        "claim or pipeline.retried < pipeline.retries\n",
        "claim or pipeline.retried + 1 < pipeline.retries\n",
        ("one retried",),
    ),
    Mutant(
        "skip dependents of a running pipeline",
        "release_core/decide/decisions.py",
        "    for name in pipeline.depends_on:\n",
        "    for name in pipeline.depends_on:\n"
        "        if release.pipelines[name].status is PipelineStatus.RUNNING:\n"
        '            return "it runs"\n',
        ("two in order",),
    ),
    Mutant(
        "do not search for an unrecorded start",
        "release_core/apply/starts.py",
        "        found = self._search(release, pipeline)\n        if found:\n            self.",
        "        found = None\n        if found:\n            self.",
        ("one, cancelled, a crash",),
    ),
    Mutant(
        "record every execution in the first attempt",
        "release_core/ledger/executions.py",
        '                    "attempt": pipeline.attempt,\n',
        '                    "attempt": 1,\n',
        ("resumed",),
    ),
    Mutant(
        "record no last good execution",
        "release_core/apply/ends.py",
        "            self.ledger.locks.record_last_good(release.release_id, pipeline, shipped)\n"
        "        self.record(\n",
        "            pass\n        self.record(\n",
        ("one",),
    ),
    Mutant(
        "a later task gives up",
        "run_pipeline/running.py",
        "        if registered is None:\n",
        "        if registered is None or registered.registrations > 1:\n",
        ("one, a fault",),
    ),
    Mutant(
        "a time limit stops nothing",
        "release_core/decide/decisions.py",
        '        yield Stop(pipeline, f"{limit} has passed", timed_out=True)',
        "        yield from ()",
        ("a time limit",),
    ),
    Mutant(
        "a deadline is no limit",
        "release_core/decide/decisions.py",
        "    limits = [release.deadline] if release.deadline else []\n",
        "    limits = []\n",
        ("a deadline",),
    ),
    Mutant(
        "believe a late look after an end",
        "release_core/decide/looks.py",
        "    return Verdict.UNCLEAR if now - latest.at < LOOK_LAG else Verdict.SAME\n",
        "    return Verdict.NEWER\n",
        ("one, looked at late",),
    ),
    Mutant(
        "retry before it is known what failed",
        "release_core/apply/ends.py",
        "        elif failure is None and self.clock() - failed.at < LOOK_LAG:\n",
        "        elif failure is None and self.clock() < failed.at:\n",
        ("one retried, looked at late",),
    ),
    Mutant(
        "fail before CodePipeline retries the stage by itself",
        "release_core/decide/looks.py",
        "    return not stages <= repeated\n",
        "    return False\n",
        ("retried by CodePipeline",),
    ),
    Mutant(
        "retry before CodePipeline retries the stage by itself",
        "release_core/apply/ends.py",
        "        if self._what_follows(pipeline, failed, actions):\n",
        "        if not pipeline:\n",
        ("retried by CodePipeline, then by us",),
    ),
    Mutant(
        "end before CodePipeline's own rollback has ended",
        "release_core/apply/failures.py",
        "    is_over = rollback.state is not None and rollback.state.ended\n",
        "    is_over = True\n",
        ("rolled back by CodePipeline",),
    ),
    Mutant(
        "decide although CodePipeline itself rolls back",
        "release_core/decide/decisions.py",
        "    if waits_for_rollbacks(release, now) and _is_rolled_back_now(pipeline):\n",
        "    if release.status is None:\n",
        ("rolled back by CodePipeline",),
    ),
    Mutant(
        "never look at CodePipeline's own rollback",
        "release_core/apply/failures.py",
        "    if seen and seen.state and seen.state.ended:\n",
        "    if seen is None:\n",
        ("rolled back by CodePipeline, a fault",),
    ),
    Mutant(
        "take any action that runs for a repeated one",
        "release_core/decide/looks.py",
        "            and runs[0].started_at > latest.at + _EVENT_PRECISION\n",
        "            and runs[0].started_at >= latest.at\n",
        ("one retried, looked at late",),
    ),
)
