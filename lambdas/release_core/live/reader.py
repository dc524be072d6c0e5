"""Reads what is live in pipelines: from the ledger, and from CodePipeline's history.

The functions and the operator's command use the same reader, each with their own credentials.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from botocore.exceptions import ClientError

from release_core.aws.clients import InParallel, one_by_one
from release_core.aws.execution_history import RECENT, ExecutionHistory
from release_core.batches import batches
from release_core.domain.automation import Skippable
from release_core.domain.execution import Execution
from release_core.domain.live import Live, LivePipelines, revisions_of
from release_core.domain.past_execution import PastExecution
from release_core.domain.release import Release
from release_core.domain.revisions import Good
from release_core.immutable import Immutable
from release_core.ledger.reader import LedgerReader
from release_core.live.history import History
from release_core.rollback.manifest import Rollback
from release_core.rollback.pins import variables_again
from release_core.rollback.shipped import ShippedReader

# A success whose deployment was skipped is not live. So many are looked at in a row.
_MOST_SKIPPED = 5
_READ_AT_ONCE = 100  # records of the ledger, in one call


class _Read(Immutable):
    """What was read of one pipeline; ``good`` is what last succeeded in it by the ledger."""

    pipeline: str
    executions: Sequence[PastExecution] = ()
    good: Good | None = None
    skippable: Skippable | None = None
    trouble: str | None = None


class LiveReader(Immutable):
    """Reads what is live; no value of a variable is in its answers."""

    ledger: LedgerReader
    history: ExecutionHistory
    shipped: ShippedReader
    in_parallel: InParallel = one_by_one

    def __call__(
        self,
        pipelines: Iterable[str],
        *,
        listed: Mapping[str, Sequence[PastExecution]] | None = None,
        skippable: Mapping[str, Skippable] | None = None,
    ) -> LivePipelines:
        """What is live in each pipeline, with the reason for each that cannot be read.

        It takes one call of CodePipeline for each pipeline, and two more for each success that it
        looks at: five at most, which are newer than the one on record. ``listed`` are recent
        executions that were read before, and ``skippable`` is what pipelines declare now. Raises
        ClientError when DynamoDB refuses a read.
        """
        names = list(dict.fromkeys(pipelines))
        goods = self.ledger.get_goods(names)
        given, declared = listed or {}, skippable or {}

        def read_one(name: str) -> _Read:
            read = _Read(pipeline=name, good=goods.get(name), skippable=declared.get(name))
            if name in given:
                return replace(read, executions=given[name])
            try:
                return replace(read, executions=self.history.recent(name))
            except ClientError as error:
                return replace(read, trouble=_reason(error))

        read = self.in_parallel(read_one, names)
        records = self._records(read)
        owners = (each.release_id for each in records.values())
        shippers = {*owners, *(each.release_id for each in goods.values())}
        headers = self._headers(sorted(each for each in shippers if each))
        found = self.in_parallel(
            lambda each: self._live(
                each, History(executions=each.executions, records=records, headers=headers)
            ),
            read,
        )
        by_name = dict(zip(names, found, strict=True))
        return LivePipelines(
            live={name: each for name, each in by_name.items() if isinstance(each, Live)},
            unread={name: each for name, each in by_name.items() if isinstance(each, str)},
        )

    def unchanged_by(self, rollback: Rollback) -> tuple[str, ...]:
        """The pipelines of a rollback in which all that it would ship is live already.

        The rollback changes nothing if these are all of its pipelines. A pipeline in which another
        execution ran at the same time or later is not among them: it may have failed half way
        through a deployment, or CodePipeline went back in one stage only.
        Raises ClientError when DynamoDB refuses a read.
        """
        found = self(rollback.wanted).live
        live = {name: each for name, each in found.items() if each.ran_last}
        recorded = self.ledger.get_goods([*live], with_variables=True)
        names = [name for name in rollback.wanted if name in live]
        same = self.in_parallel(
            lambda name: self._ships(live[name], rollback.wanted[name], recorded.get(name)), names
        )
        return tuple(name for name, is_live in zip(names, same, strict=True) if is_live)

    def other_values(
        self, live: Mapping[str, Live], wanted: Mapping[str, Mapping[str, str]]
    ) -> dict[str, bool]:
        """Whether pipelines would run with other values of their variables than are live.

        ``wanted`` are all variables of each pipeline. A pipeline is absent if nothing is live in
        it, or if the values are not known with which that was shipped. Raises ClientError when
        DynamoDB refuses a read.
        """
        names = [name for name in wanted if name in live]
        recorded = self.ledger.get_goods(names, with_variables=True) if names else {}
        found = self.in_parallel(
            lambda name: self._variables(live[name], recorded.get(name)), names
        )
        return {
            name: known != {key: value for key, value in wanted[name].items() if value}
            for name, known in zip(names, found, strict=True)
            if known is not None
        }

    def _records(self, read: Sequence[_Read]) -> dict[str, Execution]:
        """The record of each execution that a release has started."""
        # A release also has CodePipeline's own rollback on record, which it did not start. What
        # that went back to may be of a release.
        ids = {
            execution.rollback_to or execution.execution_id: None
            for each in read
            for execution in each.executions
            if execution.may_be_of_a_release
        }
        found = self.in_parallel(self.ledger.get_executions, batches(ids, _READ_AT_ONCE))
        return {
            name: each for records in found for name, each in records.items() if each.release_id
        }

    def _headers(self, release_ids: Sequence[str]) -> dict[str, Release]:
        found = self.in_parallel(self.ledger.get_headers, batches(release_ids, _READ_AT_ONCE))
        return {name: each for headers in found for name, each in headers.items()}

    def _live(self, read: _Read, history: History) -> Live | str | None:
        """What is live, or why that cannot be told; None if nothing is."""
        if read.trouble:
            return read.trouble
        try:
            live = self._newest(read, history)
        except ClientError as error:
            return _reason(error)
        if not isinstance(live, Live):
            return live
        last = _ran_last(live, read.executions)
        return replace(live, undone=history.undone(), ran_last=last)

    def _newest(self, read: _Read, history: History) -> Live | str | None:
        """The newest success that has shipped something."""
        succeeded = history.succeeded
        for number, each in enumerate(succeeded):
            if read.good and _is_recorded(read.good, each, succeeded):
                break
            if number == _MOST_SKIPPED:
                return f"CodePipeline skipped the deployment in its last {number} successes"
            if each.rollback_to:
                good = self._restored(read, each, each.rollback_to, history)
                return history.live(read.pipeline, good, rollback=each)
            if not self.shipped.was_skipped(read.pipeline, each, read.skippable):
                return history.live(read.pipeline, history.good_of(each))
        if read.good:
            return history.live(read.pipeline, read.good)
        if len(read.executions) >= RECENT:
            return f"none of its last {len(read.executions)} executions has succeeded and deployed"
        return None

    def _restored(
        self, read: _Read, rollback: PastExecution, target: str, history: History
    ) -> Good:
        """What the execution shipped that CodePipeline itself went back to."""
        if read.good and read.good.execution_id == target:
            return read.good
        if listed := history.find(target):
            return history.good_of(listed)
        good = self.shipped.good(read.pipeline, target, at=rollback.updated_at)
        return replace(good, release_id=history.owner_of(target), variables={})

    def _ships(self, live: Live, wanted: Good, recorded: Good | None) -> bool:
        """Whether what is live was shipped with the wanted revisions and variables."""
        if live.good.execution_id == wanted.execution_id:
            return True
        if not live.revisions or live.revisions != revisions_of(wanted):
            return False
        return self._variables(live, recorded) == variables_again(wanted)

    def _variables(self, live: Live, recorded: Good | None) -> dict[str, str] | None:
        """The variables with which what is live was shipped; None if they are not known.

        ``recorded`` is what last succeeded in a release. Of another execution CodePipeline tells.
        """
        if recorded and recorded.execution_id == live.good.execution_id:
            known = recorded.revisions and recorded.unrecorded_bytes is None
            return variables_again(recorded) if known else None
        try:
            told = self.shipped.variables(live.pipeline, live.good.execution_id)
        except ClientError:
            return None
        return None if told is None else variables_again(replace(live.good, variables=told))


def _ran_last(live: Live, executions: Sequence[PastExecution]) -> bool:
    """Whether no other execution can have changed what the live one has shipped."""
    if not executions:
        return False
    newest, *others = executions
    # CodePipeline itself goes back in one stage only, so another execution shipped the others.
    is_live = newest.execution_id == live.good.execution_id
    return is_live and not any(_may_change(each, newest) for each in others)


def _may_change(older: PastExecution, newest: PastExecution) -> bool:
    """Whether an execution may still change, or have changed, what a newer one has shipped."""
    # In PARALLEL mode, executions do not wait for each other. In the other modes, the older one is
    # ahead in every stage, unless somebody retried it.
    parallel = older.parallel or newest.parallel
    return older.runs or older.updated_at > (newest.started_at if parallel else newest.updated_at)


def _is_recorded(good: Good, newest: PastExecution, succeeded: Sequence[PastExecution]) -> bool:
    """Whether the last success on record is the newest one, or newer than all that are listed."""
    if any(each.execution_id == good.execution_id for each in succeeded):
        return newest.execution_id == good.execution_id
    return newest.updated_at <= good.at


def _reason(error: ClientError) -> str:
    """Why CodePipeline does not show a pipeline, in words."""
    code = error.response["Error"]["Code"]
    if code == "PipelineNotFoundException":
        return "CodePipeline has no pipeline with this name"
    if code.startswith("AccessDenied"):
        return f"{error.operation_name} is not allowed"
    return f"{error.operation_name} failed: {code}"
