"""The calls of a function to AWS, one at a time.

An invocation of a real function is a deterministic program: its next call depends on its beginning
and on the answers so far. A `Point` is such a history. The points of all schedules form a tree, so
a known history costs nothing. The function runs in a greenlet that stops at each call; a point
whose greenlet has moved on is reached again by repeating the answers.

Do not merge histories whose function frames are equal: it would save a tenth of the states, but no
variable of a frame holds the remaining iterations of a loop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple, cast

from botocore.exceptions import ClientError
from greenlet import GreenletExit, getcurrent, greenlet

from tests.fakes.codepipeline import FakePaginator
from tests.simulation.world.hashes import Hashes
from tests.simulation.world.uses import note

PAGINATED = {
    "list_pipelines": "ListPipelines",
    "list_pipeline_executions": "ListPipelineExecutions",
    "list_action_executions": "ListActionExecutions",
}


class Call(NamedTuple):
    """One request that a function is about to send to AWS."""

    service: str
    method: str
    request: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the operation and its subject in a few words."""
        return f"{self.method}({_concerns(self.request)})"


class Answer(NamedTuple):
    """A response or an error, and the time at which the function receives it."""

    now: datetime
    value: Any = None
    error: ClientError | None = None

    def key(self, hashes: Hashes) -> tuple[object, ...]:
        """What distinguishes this answer from other answers to the same call."""
        if self.error is None:
            return (self.now, hashes.of_response(self.value))
        refused = hashes.of_response(self.error.response)
        return (self.now, type(self.error).__name__, str(self.error), refused)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an invocation ended: with a result or with an error."""

    value: Any = None
    error: BaseException | None = None


class Client:
    """A boto3 client's double: each method passes its call to the scheduler and waits."""

    def __init__(self, conversation: "Conversation", service: str) -> None:
        self._conversation = conversation
        self._service = service

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return the method of an operation."""

        def send(**request: Any) -> Any:
            return self._conversation.call(Call(self._service, method, request))

        return send

    def get_paginator(self, method: str) -> FakePaginator:
        """Return a paginator of a list operation."""
        return FakePaginator(getattr(self, method), PAGINATED[method])


class Conversation:
    """The scheduler's side of one running invocation."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.function = ""
        self._over = False

    def client(self, service: str) -> Any:
        """Return a client of that service, in the shape of boto3's."""
        return Client(self, service)

    def clock(self) -> datetime:
        """Return the time of the last answer: no time passes within a function."""
        return self._now

    def call(self, call: Call) -> Any:
        """Pass a call to the scheduler; return its answer when the scheduler continues."""
        if self._over:
            raise GreenletExit
        note(self.function, call.service, call.method, call.request)
        parent = cast(greenlet, getcurrent().parent)
        try:
            answer = cast(Answer, parent.switch(call))
        except GreenletExit:
            self._over = True  # the schedule ended here: calls during the exit do not count
            raise
        finally:
            del parent
        self._now = answer.now
        if answer.error is not None:
            # A new error each time: a raised one holds references to frames.
            raise type(answer.error)(answer.error.response, answer.error.operation_name)
        return answer.value


type Program = Callable[[Conversation], Any]

_numbers = count()


class Point:
    """The position of an invocation: `next` is the call it is about to send, or how it ended.

    `calls` and `answers` are its history.
    """

    __slots__ = ("_after", "_beginning", "_live", "answers", "calls", "next", "number")

    def __init__(
        self,
        beginning: "Beginning",
        live: "_Live",
        *,
        answers: tuple[Answer, ...] = (),
        calls: tuple[Call, ...] = (),
    ) -> None:
        self._beginning = beginning
        self.calls = calls
        self._after: dict[object, Point] = {}
        self.answers = answers
        self.next: Call | Ended = live.stopped_at
        self._live = live if isinstance(self.next, Call) else None
        self.number = next(_numbers)

    def after(self, answer: Answer) -> "Point":
        """Return the point after this answer."""
        hashes = self._beginning.hashes
        if hashes is None:
            return self._resumed(answer)
        key = answer.key(hashes)
        found = self._after.get(key)
        if found is None:
            found = self._after[key] = self._resumed(answer)
        return found

    def _resumed(self, answer: Answer) -> "Point":
        assert isinstance(self.next, Call)
        live = self._take_live()
        live.resume(answer)
        return Point(
            self._beginning,
            live,
            answers=(*self.answers, answer),
            calls=(*self.calls, self.next),
        )

    def _take_live(self) -> "_Live":
        live, self._live = self._live, None
        if live is None:
            live = self._beginning.run()
            for answer in self.answers:
                live.resume(answer)
        return live


class Beginning:
    """The beginning of an invocation; with `hashes`, later points are kept for other schedules."""

    def __init__(self, program: Program, now: datetime, hashes: Hashes | None) -> None:
        self._program = program
        self._now = now
        self.hashes = hashes

    def point(self) -> Point:
        """Return the point of its first call."""
        return Point(self, self.run())

    def run(self) -> "_Live":
        """Run the function up to its first call."""
        return _Live(self._program, self._now)


class Running(greenlet):
    """A greenlet that has the conversation of its function."""

    conversation: Conversation


class _Live:
    """A function in a greenlet, stopped at a call."""

    __slots__ = ("_greenlet", "stopped_at")

    def __init__(self, program: Program, now: datetime) -> None:
        conversation = Conversation(now)

        def run() -> Ended:
            try:
                return Ended(value=program(conversation))
            except Exception as error:  # top of an invocation, like Lambda's runtime
                return Ended(error=error.with_traceback(None))

        self._greenlet = Running(run)
        self._greenlet.conversation = conversation
        self.stopped_at: Call | Ended = cast(Call | Ended, self._greenlet.switch())

    def resume(self, answer: Answer) -> None:
        """Let the function continue with an answer, up to its next call or its end."""
        self.stopped_at = cast(Call | Ended, self._greenlet.switch(answer))


def _concerns(request: Mapping[str, Any]) -> str:
    """Return the items, executions or tokens of a request in a few words."""
    match request:
        case {"Key": key, "TableName": table}:
            return f"{table} {_key(key)}{_change(request)}"
        case {"RequestItems": tables}:
            keys = [
                f"{table} {', '.join(_key(key) for key in part['Keys'])}"
                for table, part in tables.items()
            ]
            return "; ".join(keys)
        case {"TransactItems": actions}:
            return f"{len(actions)} items"
        case {"TableName": table}:
            return str(table)
    shown = ("name", "pipelineName", "pipelineExecutionId", "taskToken", "error", "executionArn")
    return ", ".join(str(request[name])[-24:] for name in shown if name in request)


def _key(key: Mapping[str, Any]) -> str:
    return "/".join(str(next(iter(value.values())))[-24:] for value in key.values())


def _change(request: Mapping[str, Any]) -> str:
    """Return the attributes that an update sets, or the status if it sets one."""
    values = request.get("ExpressionAttributeValues", {})
    status = values.get(":status", {}).get("S")
    if status:
        return f" := {status}"
    names = sorted(request.get("ExpressionAttributeNames", {}).values())
    return f" sets {', '.join(names)}" if names else ""
