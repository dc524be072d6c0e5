"""Where each pipeline stands: one state in words, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass

from release_core.domain.release import Failure, PipelineStatus
from release_machine.dashboard.pages.holds import held_by
from release_machine.dashboard.pages.pieces import who
from release_machine.release.estate import Estate, EstatePipeline, OtherRun
from release_machine.report.markup import Content, element, isolated
from release_machine.report.parts import clipped
from release_machine.text.wording import short

MOST_OF_A_REASON = 60  # characters

# The states in the order of the list, each with its colour and the status whose shape it has.
_LOOKS = {
    "failed": ("bad", "FAILED"),
    "unread": ("stop", "CANCELLED"),
    "stopped": ("stop", "STOPPED"),
    "running": ("run", "RUNNING"),
    "held": ("stop", "STOPPED"),
    "waiting": ("wait", "WAITING"),
    "gone": ("wait", "SKIPPED"),
    "unknown": ("wait", "SKIPPED"),
    "quiet": ("good", "SUCCEEDED"),
}
_ORDER = tuple(_LOOKS)
# What did not succeed otherwise was stopped, by a person or by a release.
_FAILED = {PipelineStatus.FAILED, PipelineStatus.TIMED_OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a pipeline stands.

    ``state`` is one of ``_ORDER``, ``words`` say it, and ``why`` says more. ``release_id`` is the
    release that the state is about. ``reason`` is why it failed, if ``why`` is only where.
    """

    pipeline: EstatePipeline
    state: str
    words: str
    why: Content = None
    release_id: str | None = None
    reason: str | None = None

    @property
    def is_failing(self) -> bool:
        """Whether a person should look at it."""
        return self.state == "failed"

    @property
    def tone(self) -> str:
        """The class of its colour."""
        return _LOOKS[self.state][0]

    @property
    def shape(self) -> str:
        """The status whose shape it has."""
        return _LOOKS[self.state][1]


def places(estate: Estate) -> list[Place]:
    """Every pipeline, trouble first."""
    found = map(_place, estate.pipelines)
    return sorted(found, key=lambda each: (_ORDER.index(each.state), each.pipeline.name))


def _place(pipeline: EstatePipeline) -> Place:
    state, words, why, release_id = _state(pipeline)
    failure = pipeline.failure.failure if pipeline.failure else None
    return Place(
        pipeline=pipeline,
        state=state,
        words=words,
        why=why,
        release_id=release_id,
        reason=failure.reason if failure and failure.place and state == "failed" else None,
    )


def _state(pipeline: EstatePipeline) -> tuple[str, str, Content, str | None]:
    """The state, its words, more words, and the release that it is about."""
    failure = pipeline.failure
    if pipeline.runs:
        again = "failed before" if failure else None
        return "running", "running", again, pipeline.release_id
    if failure is not None:
        state = "failed" if failure.status in _FAILED else "stopped"
        return state, _word(failure.status), _where(failure.failure), failure.release_id
    if pipeline.unread:
        return "unread", "not readable", isolated(pipeline.unread), pipeline.release_id
    if pipeline.outside:
        return "running", "running", _outside(pipeline.outside[0]), pipeline.outside[0].release_id
    return _at_rest(pipeline)


def _at_rest(pipeline: EstatePipeline) -> tuple[str, str, Content, str | None]:
    """The state of a pipeline that does not run and has not failed."""
    if pipeline.held:
        hold = pipeline.held[0]
        words = "frozen" if hold.kind == "freeze" else "held"
        return "held", words, held_by(hold), hold.release_id or pipeline.release_id
    if pipeline.node is not None and not pipeline.node.status.ended:
        return "waiting", "waits", None, pipeline.release_id
    if pipeline.queue:
        return "waiting", "waits", None, pipeline.queue[0].release_id
    if not pipeline.exists:
        return "gone", "deleted", None, None
    if pipeline.live is None:
        return "unknown", "nothing live", None, None
    return "quiet", "live", None, None


def _outside(run: OtherRun) -> Content:
    by = [" by ", who(run.by)] if run.by else None
    if run.release_id:
        return "stopping" if run.stops else None
    return [element("span", f"outside any release, {short(run.execution_id)}"), by]


def _where(failure: Failure | None) -> Content:
    return isolated(failure.place or clipped(failure.reason, MOST_OF_A_REASON)) if failure else None


def _word(status: PipelineStatus) -> str:
    return status.value.lower().replace("_", " ")
