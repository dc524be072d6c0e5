"""The functions' logs, in order, made readable."""

from datetime import datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from release_machine.deployment.function_logs import LogLine, LogReader, readable
from tools.operator.tests.conftest import Stubbed, at

STARTED = """{
    "timestamp": "2026-11-22T10:00:01Z", "level": "INFO", "message": "pipeline started",
    "logger": "run_pipeline", "requestId": "r-1",
    "release_id": "5.10", "pipeline": "web", "execution_id": "4d5e"
}"""
GROUPS = {"open_release": "rm-open-release", "run_pipeline": "rm-run-pipeline"}


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def stored(moment: datetime, event_id: str) -> dict[str, Any]:
    return {
        "timestamp": milliseconds(moment),
        "eventId": event_id,
        "message": event_id,
        "logStreamName": "s",
    }


@pytest.fixture
def reader(stubbed: Stubbed) -> tuple[LogReader, Stubber]:
    client, stubber = stubbed("logs")
    return LogReader(logs=client, function_names=GROUPS), stubber


def queue(stubber: Stubber, *groups: list[dict[str, Any]]) -> None:
    for events in groups:
        stubber.add_response("filter_log_events", {"events": events})


def test_lines_of_all_functions_in_order(reader: tuple[LogReader, Stubber]) -> None:
    """The lines of all functions come as one sequence by time."""
    logs, stubber = reader
    queue(stubber, [stored(at(1), "a"), stored(at(4), "d")], [stored(at(2), "b")])
    assert [line.text for line in logs.read(at(0))] == ["a", "b", "d"]


def test_groups_and_period(reader: tuple[LogReader, Stubber]) -> None:
    """Each function's log group is read from the given time."""
    logs, stubber = reader
    for name in GROUPS.values():
        stubber.add_response(
            "filter_log_events",
            {"events": []},
            {"logGroupName": f"/aws/lambda/{name}", "startTime": milliseconds(at(5))},
        )
    assert logs.read(at(5)) == []


def test_tail_shows_each_line_once_and_late_ones_too(reader: tuple[LogReader, Stubber]) -> None:
    """Going on, no line comes twice, and one that was stored late still comes."""
    logs, stubber = reader
    queue(stubber, [stored(at(20), "a")], [])
    queue(stubber, [stored(at(20), "a"), stored(at(21), "c")], [stored(at(15), "late")])
    tail = logs.tail(at(0), wait=lambda _: None)
    assert [next(tail).text for _ in range(3)] == ["a", "late", "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STARTED, "INFO    pipeline started [5.10 web] execution_id=4d5e"),
        (
            '{"level": "ERROR", "errorType": "LedgerBusy", "errorMessage": "try again"}',
            "ERROR   LedgerBusy: try again",
        ),
        (
            '{"type": "platform.report", "record": {"status": "timeout", "errorType": "Timedout"}}',
            "LAMBDA  timeout Timedout",
        ),
        ("Traceback: plain text\n", "        Traceback: plain text"),
        ("[1, 2]", "        [1, 2]"),
    ],
)
def test_readable_lines(text: str, words: str) -> None:
    """Time, function, level, message and subject, whatever the line was stored as."""
    line = LogLine(milliseconds(at(1.25)), "e", "run_pipeline", text)
    assert readable(line) == f"11-22 10:00:01.250 run_pipeline        {words}"


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "platform.start", "record": {"requestId": "r-1"}}',
        '{"type": "platform.report", "record": {"status": "success"}}',
        '{"level": "INFO", "logger": "botocore.endpoint", "message": "Found endpoint"}',
        "\n",
    ],
)
def test_lambdas_own_notes_of_a_good_run_are_left_out(text: str) -> None:
    """What Lambda notes of a run that went well says nothing about a release."""
    assert readable(LogLine(milliseconds(at(1)), "e", "run_pipeline", text)) is None
