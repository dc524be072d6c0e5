"""Reads the estate of a deployment, with few calls: in batches from the ledger, and in parallel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from release_core.batches import batches
from release_core.clock import Clock
from release_core.domain.declarations import matches
from release_core.domain.holds import is_covered
from release_core.domain.past_execution import PastExecution
from release_core.domain.queue import PipelineUse
from release_core.domain.release import Pipeline, Release
from release_core.manifest.nearest import NearestName
from release_machine.errors import UnreachableError
from release_machine.release.busy import BusyPipelines
from release_machine.release.estate import Estate
from release_machine.release.standing import Seen, failed_last, standing_of

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient

    from release_core.aws.clients import InParallel
    from release_core.aws.execution_history import ExecutionHistory
    from release_core.ledger.history import HistoryReader
    from release_core.live.reader import LiveReader

_AT_ONCE = 100  # items of the ledger in one call
_NO_PIPELINE = "PipelineNotFoundException"

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class _Names:
    """The names of pipelines: those that were found, and those to read, with their uses.

    ``existing`` is None where CodePipeline did not list its pipelines.
    """

    found: Collection[str]
    wanted: Sequence[str]
    uses: Mapping[str, PipelineUse]
    existing: Collection[str] | None
    unread: tuple[str, ...]

    def exists(self, name: str) -> bool:
        """Whether the pipeline exists, as far as that is known."""
        return self.existing is None or name in self.existing


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """The newest executions of a pipeline, or why they could not be read."""

    executions: Sequence[PastExecution] = ()
    trouble: str | None = None
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True)
class EstateReader:
    """Reads which pipelines there are, and how each stands.

    ``patterns`` are those of the deployment, and ``pipelines_of`` names the pipelines of a release
    that is held and has no place in a queue, or none if it cannot read them.
    """

    ledger: HistoryReader
    busy: BusyPipelines
    live: LiveReader
    history: ExecutionHistory
    codepipeline: CodePipelineClient
    patterns: Callable[[], Collection[str]]
    pipelines_of: Callable[[Release], Collection[str]]
    clock: Clock
    in_parallel: InParallel

    def pipelines(self, scopes: Collection[str] = ()) -> Estate:
        """The pipelines that a scope covers, or all: those on record, and those that are driven.

        For each pipeline one call of CodePipeline, beside those that the reader of what is live
        makes. A read that is refused is named in ``unread``. Raises ClientError when the ledger
        cannot be read.
        """
        names = self._names(scopes)
        now, freezes = self.clock(), self.ledger.get_freezes()
        held, unknown = self._held()
        seen = self._seen(names, held)
        nearest = NearestName(names.found)
        return Estate(
            at=now,
            pipelines=tuple(standing_of(each, freezes, now) for each in seen if each.is_known),
            freezes=freezes,
            unread=(*names.unread, *unknown),
            unknown={each.name: nearest(each.name) for each in seen if not each.is_known},
        )

    def _names(self, scopes: Collection[str]) -> _Names:
        exact = {each for each in scopes if "*" not in each}
        unread: list[str] = []
        try:
            known = {each.lock.pipeline: each for each in self.ledger.uses()}
        except ClientError as error:
            known = {}
            unread.append(
                f"The ledger's list of pipelines could not be read ({_code(error)}): pipelines "
                "that only the ledger knows may be missing."
            )
        existing: set[str] | None = None
        driven: set[str] = set()
        try:
            pages = self.codepipeline.get_paginator("list_pipelines").paginate()
            existing = {each["name"] for page in pages for each in page["pipelines"]}
            patterns = self.patterns()
            driven = {name for name in existing if matches(patterns, name)}
        except ClientError as error:
            unread.append(
                f"{error.operation_name} was refused ({_code(error)}): pipelines that no release "
                "has run may be missing."
            )
        except UnreachableError as error:
            unread.append(f"{error.problem} Pipelines that no release has run may be missing.")
        found = {*known, *driven}
        covered = (each for each in found if any(is_covered(each, scope) for scope in scopes))
        wanted = sorted({*covered, *exact} if scopes else found)
        others = [each for each in wanted if each not in known]
        if others:
            known |= {each.lock.pipeline: each for each in self.ledger.get_uses(others)}
        return _Names(
            found=found, wanted=wanted, uses=known, existing=existing, unread=tuple(unread)
        )

    def _seen(self, names: _Names, held: Mapping[str, Sequence[Release]]) -> list[Seen]:
        uses = [names.uses[name] for name in names.wanted]
        nodes = self._nodes(uses)
        headers = self._headers(uses)
        listed = self._listed([name for name in names.wanted if names.exists(name)])
        readable = {name: each.executions for name, each in listed.items() if not each.trouble}
        owners = self._owners(readable)
        live = self.live(readable, listed=readable)
        return [
            Seen(
                name=use.lock.pipeline,
                lock=use.lock,
                exists=names.exists(use.lock.pipeline) and not listed[use.lock.pipeline].is_gone,
                was_released=use.latest_release is not None,
                node=_of(use.lock.holder.release_id if use.lock.holder else None, use, nodes),
                holder=headers.get(use.lock.holder.release_id) if use.lock.holder else None,
                latest=_of(use.latest_release, use, nodes),
                latest_release=headers.get(use.latest_release or ""),
                listed=readable.get(use.lock.pipeline, ()),
                owners=owners,
                live=live.live.get(use.lock.pipeline),
                unread=live.unread.get(use.lock.pipeline)
                or _trouble(listed.get(use.lock.pipeline)),
                pending=held.get(use.lock.pipeline, ()),
            )
            for use in uses
        ]

    def _nodes(self, uses: Iterable[PipelineUse]) -> dict[tuple[str, str], Pipeline]:
        """The pipelines in the releases that hold them or ran them last."""
        wanted = [
            (release_id, use.lock.pipeline)
            for use in uses
            for release_id in (
                use.lock.holder.release_id if use.lock.holder else None,
                use.latest_release,
            )
            if release_id
        ]
        found = self.in_parallel(
            lambda some: list(self.ledger.get_pipelines(some)), _in_batches(wanted)
        )
        return {(release_id, node.name): node for each in found for release_id, node in each}

    def _headers(self, uses: Iterable[PipelineUse]) -> dict[str, Release]:
        holders = {use.lock.holder.release_id for use in uses if use.lock.holder}
        wanted = sorted({use.latest_release for use in uses if use.latest_release} | holders)
        found = self.in_parallel(self.ledger.get_headers, _in_batches(wanted))
        return {name: each for headers in found for name, each in headers.items()}

    def _listed(self, names: Sequence[str]) -> dict[str, _Listed]:
        return dict(zip(names, self.in_parallel(self._list, names), strict=True))

    def _list(self, name: str) -> _Listed:
        try:
            return _Listed(executions=self.history.recent(name))
        except ClientError as error:
            if _code(error) == _NO_PIPELINE:
                return _Listed(trouble="it does not exist", is_gone=True)
            return _Listed(trouble=f"{error.operation_name} was refused ({_code(error)})")

    def _owners(self, listed: Mapping[str, Sequence[PastExecution]]) -> dict[str, str]:
        """The releases of the executions that run, and of the one that has failed last."""
        wanted: list[str] = []
        for executions in listed.values():
            wanted += [each.execution_id for each in executions if each.runs]
            if failed := failed_last(executions):
                wanted.append(failed.execution_id)
        found = self.in_parallel(self.ledger.get_executions, _in_batches(sorted(set(wanted))))
        return {
            name: each.release_id
            for records in found
            for name, each in records.items()
            if each.release_id
        }

    def _held(self) -> tuple[dict[str, list[Release]], list[str]]:
        """The releases that are held until their time, by pipeline; and what could not be read."""
        now = self.clock()
        pending = [each for each in self.ledger.pending() if each.is_held(now)]
        names = self.in_parallel(lambda each: each.waits_for or self.pipelines_of(each), pending)
        held: dict[str, list[Release]] = {}
        unread = []
        for release, pipelines in zip(pending, names, strict=True):
            if not pipelines:
                unread.append(
                    f"The manifest of release {release.release_id}, which is held, could not be "
                    "read: the pipelines that it will need do not say so."
                )
            for name in pipelines:
                held.setdefault(name, []).append(release)
        return held, unread


def _in_batches(values: Iterable[Value]) -> list[tuple[Value, ...]]:
    return list(batches(values, _AT_ONCE))


def _of(
    release_id: str | None, use: PipelineUse, nodes: Mapping[tuple[str, str], Pipeline]
) -> Pipeline | None:
    return nodes.get((release_id, use.lock.pipeline)) if release_id else None


def _trouble(listed: _Listed | None) -> str | None:
    return listed.trouble if listed and not listed.is_gone else None


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
