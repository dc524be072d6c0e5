"""Applies what the end of a pipeline means for the others, and settles them in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.errors import Unfinished
from release_core.immutable import Immutable
from release_core.ledger.ledger import Ledger

P = ParamSpec("P")
T = TypeVar("T")


class Spread(Immutable):
    """Advances the pipelines that the end of one affects, directly or through others.

    ``advance`` advances one pipeline of a release without settling it, and returns the release with
    it. ``advance_all`` advances all pipelines, and settles all but this one. ``freed`` are held
    pipelines whose slots were freed, and not given to others yet.
    """

    ledger: Ledger
    advance: Callable[[str, str], Release | None]
    advance_all: Callable[[str, str], object]
    settle: Callable[[Release, Pipeline], None]
    freed: set[str]
    errors: list[Exception] = field(default_factory=list)

    def __call__(self, release: Release, name: str) -> None:
        """Advance what the end of this pipeline affects, and settle it.

        The pipeline itself is settled last, and only if everything before took place: until then
        its task or its event returns, and all of this is done again. Raises the first error.
        """
        waiting, ended = deque([(release, name)]), list[tuple[Release, Pipeline]]()
        while waiting:
            seen, each = waiting.popleft()
            node = seen.pipelines.get(each)
            if node is None or seen.renews(node):
                continue
            if seen.halted_by == each and not node.settled:
                self._try(self.advance_all, seen.release_id, name)
            elif node.status.ended or each in self.freed:
                waiting += self._affected_by(seen, node, is_first=each == name)
            if node.status.ended and node.task_token and not node.settled:
                ended.append((seen, node))
        for seen, node in reversed(ended):
            if not (self.errors and node.name == name):
                self._try(self.settle, seen, node)
        if self.errors:
            raise self.errors[0]

    def _affected_by(
        self, release: Release, pipeline: Pipeline, *, is_first: bool
    ) -> Iterable[tuple[Release, str]]:
        """Advance those that wait for a slot, or for this pipeline; each with its release then."""
        # Race: a late starter frees the slot of a pipeline that is settled already.
        self.freed.discard(pipeline.name)
        if release.max_concurrency and release.open and (is_first or not pipeline.settled):
            yield from self._in_line(release)
        if pipeline.status.ended and not pipeline.settled:
            for name in self._dependents(release, pipeline):
                after = self._advance(release, name)
                if after:
                    yield after, name

    def _in_line(self, release: Release) -> Iterator[tuple[Release, str]]:
        """Start those that wait in line, while slots are free."""
        for name in self.ledger.line.names(release):
            after = self._advance(release, name)
            if after and _is_free(after) and _waits(after, name) and after.pipelines[name].held:
                # It comes back when nothing holds it. Race: it has just come back.
                self.ledger.line.leave(release, after.pipelines[name])
                after = self._advance(release, name)
            if after is None:
                continue
            if not _waits(after, name):
                self.ledger.line.leave(release, after.pipelines[name])
                yield after, name
            elif not _is_free(after):
                return

    def _dependents(self, release: Release, pipeline: Pipeline) -> Iterator[str]:
        """The dependents that may start now, or that never start.

        Those that an earlier try has advanced, and not settled, are among them: what their end
        affects may not have been advanced.
        """
        if pipeline.status is PipelineStatus.SUCCEEDED:
            for name in pipeline.dependents:
                dependent = self.ledger.pipelines.unblock(release.release_id, name, pipeline)
                if dependent and not dependent.blocked_by and not dependent.settled:
                    yield name
        else:
            wanted = [(release.release_id, name) for name in pipeline.dependents]
            for _, dependent in self.ledger.get_pipelines(wanted):
                if not dependent.settled:
                    yield dependent.name

    def _advance(self, release: Release, name: str) -> Release | None:
        return self._try(self.advance, release.release_id, name)

    def _try(self, step: Callable[P, T], *args: P.args, **more: P.kwargs) -> T | None:
        """Take a step; an error with one pipeline must not keep the others from being advanced."""
        try:
            return step(*args, **more)
        except (Unfinished, ClientError, BotoCoreError) as error:
            self.errors.append(error)
            return None


def _waits(release: Release, name: str) -> bool:
    return release.pipelines[name].status is PipelineStatus.WAITING


def _is_free(release: Release) -> bool:
    """Whether a slot is free."""
    return len(release.in_flight) < (release.max_concurrency or 0)
