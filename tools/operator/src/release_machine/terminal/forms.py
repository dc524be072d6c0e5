"""How a command tells what it does: to people, as events, or as one JSON object at its end."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click
from rich.console import RenderableType

from release_core.clock import now
from release_machine.deployment.aws_problems import explained
from release_machine.errors import OperatorError, UnansweredError
from release_machine.follow.loop import Sink
from release_machine.follow.opening import Answer
from release_machine.terminal.output import draws_in_place, open_console, show, tell
from release_machine.views.json_calls import CallEnd, State, call_document
from release_machine.views.json_events import JsonView
from release_machine.views.json_output import write
from release_machine.views.live import LiveView
from release_machine.views.plain import PlainView


class Form:
    """Tells people, on standard output."""

    # Standard output has nothing but JSON; people read standard error.
    for_programs = False

    def say(self, fact: str) -> None:
        """Tell one line, with the time."""
        tell(fact, on_stderr=self.for_programs)

    def draw(self, parts: Callable[[int], Sequence[RenderableType]]) -> None:
        """Draw what ``parts`` makes for a width."""
        console = open_console(on_stderr=self.for_programs)
        show(console, *parts(console.width))

    def waiting(self) -> list[Sink]:
        """The views of the wait until a release is opened."""
        return [PlainView(self._people)]

    @contextmanager
    def following(self) -> Iterator[Sink]:
        """The view of a release."""
        console = open_console(on_stderr=self.for_programs)
        if draws_in_place(console):
            with LiveView(console, clock=now) as live:
                yield live
        else:
            yield PlainView(self._people)

    def answered(self, answer: Answer) -> None:
        """Take the answer of an execution that opened nothing new."""

    def about(self, *, execution_arn: str | None = None, release_id: str | None = None) -> None:
        """Note the execution or the release of the call, as soon as it is known."""

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Note that the block starts or stops something, unless AWS refuses it."""
        yield

    def end(self, end: CallEnd) -> None:
        """Take what the call has come to."""

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Take the error with which the call ends; it is raised again, for people."""
        yield

    @property
    def _people(self) -> TextIO:
        return sys.stderr if self.for_programs else sys.stdout


class AsEvents(Form):
    """Tells programs each event, as one line of JSON; people read standard error."""

    for_programs = True

    def waiting(self) -> list[Sink]:
        """The views of the wait until a release is opened."""
        return [*super().waiting(), JsonView(sys.stdout)]

    @contextmanager
    def following(self) -> Iterator[Sink]:
        """The view of a release."""
        yield JsonView(sys.stdout)

    def answered(self, answer: Answer) -> None:
        """Take the answer of an execution that opened nothing new."""
        JsonView(sys.stdout).answer(answer)


class AsObject(Form):
    """Tells programs what the call has come to, as one JSON object; people read standard error."""

    for_programs = True

    def __init__(self) -> None:
        self._ended = False
        self._has_asked = self._has_changed = False
        self._execution_arn: str | None = None
        self._release_id: str | None = None

    def about(self, *, execution_arn: str | None = None, release_id: str | None = None) -> None:
        """Note the execution or the release of the call, as soon as it is known."""
        self._execution_arn = execution_arn or self._execution_arn
        self._release_id = release_id or self._release_id

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Note that the block starts or stops something, unless AWS refuses it."""
        self._has_asked = True
        yield
        self._has_changed = True

    def end(self, end: CallEnd) -> None:
        """Take what the call has come to."""
        self._ended = True
        write(call_document(end))

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Take the error with which the call ends; it is raised again, for people."""
        try:
            with explained():
                yield
        except OperatorError as error:
            if not self._ended:
                self.end(self._without_outcome(error))
            raise

    def _without_outcome(self, error: OperatorError) -> CallEnd:
        steps, said = error.next_step.split("\n"), {"problem": error.problem}
        unanswered = self._has_asked and isinstance(error, UnansweredError)
        if not (self._has_changed or unanswered):
            return CallEnd(state=State.NOT_DONE, next_steps=steps, more=said)
        return CallEnd(
            state=State.LOST,
            execution_arn=self._execution_arn,
            release_id=self._release_id,
            next_steps=[*steps, *self._finding_out(steps)],
            more=said,
        )

    def _finding_out(self, steps: Sequence[str]) -> Iterator[str]:
        """How to find the outcome, unless one of the steps is a command."""
        if any("release-machine " in each for each in steps):
            return
        name = self._release_id
        see = f"show {shlex.quote(name)}" if name else "list"
        yield f"See whether it was carried out with: release-machine {see}"


def json_option(function: Callable[..., object]) -> Callable[..., object]:
    """Add the option ``form``: a JSON object at the end in place of texts."""
    return click.option(
        "--json",
        "form",
        is_flag=True,
        help="Print one JSON object at the end.",
        callback=lambda _context, _parameter, chosen: AsObject() if chosen else Form(),
    )(function)
