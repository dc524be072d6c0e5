"""What waits for people in the running releases; CodePipeline is read a few pipelines at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from release_core.domain.release import Pipeline, Release
from release_machine.dashboard.offers import answers
from release_machine.dashboard.state import Approvals, Waiting
from release_machine.release.activity import has_started
from release_machine.release.approvals import asking, is_asked
from release_machine.release.model import MANUAL_APPROVAL, Activity
from release_machine.release.questions import AskedByHand, asked_by_hand, unread_words

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What an execution asked when it was last read, by name.

    ``problem`` is why a later read failed: whether it still asks this is not known.
    """

    asked: tuple[tuple[str, Activity], ...] = ()
    problem: str | None = None

    @property
    def is_urgent(self) -> bool:
        return bool(self.asked)


class ApprovalsInTurns:
    """Reads a few pipelines at each look, in turns: the release machine needs the quotas more.

    Those that asked people have turns of their own: a person does not wait for the turns of
    hundreds until what was answered disappears. Those that could not be read wait for their turn
    among the others: when CodePipeline throttles, more reads make it worse.
    """

    def __init__(
        self, codepipeline: CodePipelineClient, clock: Callable[[], datetime], *, most: int = 5
    ) -> None:
        self._codepipeline = codepipeline
        self._clock = clock
        self._most = most
        self._known: dict[str, _Known] = {}  # by execution, in the order of reading

    def read(self, running: Sequence[Release]) -> Approvals:
        """What waits for people in these releases, as far as it was read."""
        nodes = [(release, node) for release in running for node in release.pipelines.values()]
        self._look(node for _, node in nodes)
        waiting: list[Waiting] = []
        unread: list[str] = []
        later = 0
        for release, node in nodes:
            waiting += (_waiting(release, *each) for each in self._asked(release, node))
            if not has_started(node):
                continue
            known = self._known.get(node.execution_id or "")
            later += known is None
            if known is not None and known.problem:
                unread.append(f"{node.name} ({known.problem})")
        return Approvals(
            at=self._clock(),
            waiting=tuple(waiting),
            unread=unread_words(unread) if unread else None,
            later=later,
        )

    def _look(self, nodes: Iterable[Pipeline]) -> None:
        running = {each.execution_id or "": each for each in nodes if has_started(each)}
        self._known = {key: each for key, each in self._known.items() if key in running}
        new = [key for key in running if key not in self._known]
        soon = [key for key, each in self._known.items() if each.is_urgent]
        others = [key for key, each in self._known.items() if not each.is_urgent]
        for key in (*soon[: self._most], *(new + others)[: self._most]):
            before = self._known.pop(key, _Known())
            self._known[key] = self._read(running[key], before)

    def _read(self, pipeline: Pipeline, before: _Known) -> _Known:
        try:
            found = [*asked_by_hand(pipeline, self._codepipeline)]
        except ClientError as error:
            return replace(before, problem=error.response["Error"]["Code"])
        # Not the questions themselves: they have tokens.
        return _Known(asked=tuple((each.name, _activity(each)) for each in found))

    def _asked(self, release: Release, node: Pipeline) -> Iterator[tuple[str, Activity]]:
        """What a pipeline or an approval asks people now, each after its name."""
        if is_asked(node):
            yield node.name, asking(release, node)
        elif has_started(node) and (known := self._known.get(node.execution_id or "")):
            yield from known.asked


def _activity(question: AskedByHand) -> Activity:
    return Activity(
        stage=question.stage,
        action=question.action,
        waits_for=MANUAL_APPROVAL,
        since=question.since,
        message=question.question,
        link=question.link,
    )


def _waiting(release: Release, name: str, activity: Activity) -> Waiting:
    offers = answers(release.release_id, name)
    return Waiting(release=release, name=name, activity=activity, offers=offers)
