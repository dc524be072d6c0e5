"""The logs of the functions as readable text."""

import pytest
from botocore.stub import Stubber

from release_machine.deployment.function_logs import LogLine, LogReader, Subject, readable
from tools.operator.tests.conftest import Stubbed, at

STARTED = """{
    "timestamp": "2026-11-22T10:00:01Z", "level": "INFO", "message": "pipeline started",
    "logger": "run_pipeline", "requestId": "r-1",
    "release_id": "5.10", "execution_arn": "arn:aws:states:eu-west-1:1:execution:rm:e1",
    "pipeline": "web", "execution_id": "4d5e"
}"""
GROUPS = {"open_release": "rm-open-release", "run_pipeline": "rm-run-pipeline"}


def milliseconds(seconds: float) -> int:
    return int(at(seconds).timestamp() * 1000)


@pytest.fixture
def reader(stubbed: Stubbed) -> tuple[LogReader, Stubber]:
    client, stubber = stubbed("logs")
    return LogReader(logs=client, function_names=GROUPS), stubber


def queue(stubber: Stubber, since: float, *groups: dict[str, float]) -> None:
    """Queue a read from this time: the lines of each function, with their times."""
    for name, lines in zip(GROUPS.values(), groups, strict=True):
        asked = {"logGroupName": f"/aws/lambda/{name}", "startTime": milliseconds(since)}
        events = [
            {"timestamp": milliseconds(stored), "eventId": text, "message": text}
            for text, stored in lines.items()
        ]
        stubber.add_response("filter_log_events", {"events": events}, asked)


def test_lines_of_all_functions_in_order(reader: tuple[LogReader, Stubber]) -> None:
    """Each log group is read from the given time; the lines of all are sorted by time."""
    logs, stubber = reader
    queue(stubber, 0, {"a": 1, "d": 4}, {"b": 2})
    assert [line.text for line in logs.read(at(0))] == ["a", "b", "d"]


def test_tail_shows_each_line_once_and_late_ones_too(reader: tuple[LogReader, Stubber]) -> None:
    """While following, no line comes twice, and a line that was stored late still comes."""
    logs, stubber = reader
    queue(stubber, 0, {"a": 20}, {})
    queue(stubber, 10, {"a": 20, "c": 21}, {"late": 15})
    tail = logs.tail(at(0), wait=lambda _: None)
    assert [next(tail).text for _ in range(3)] == ["a", "late", "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STARTED, "INFO    pipeline started [5.10 web] execution_id=4d5e"),
        (
            '{"level": "INFO", "message": "rejected", "execution_arn": "arn:execution:rm:e1"}',
            "INFO    rejected [e1]",
        ),
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
        ("[" * 100_000, "        " + "[" * 100_000),
    ],
)
def test_readable_lines(text: str, words: str) -> None:
    """A line has time, function, level, message and subject, in whatever format it was stored."""
    line = LogLine(milliseconds(1.25), "e", "run_pipeline", text)
    assert readable(line) == f"11-22 10:00:01.250Z run_pipeline        {words}"


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "platform.start", "record": {"requestId": "r-1"}}',
        '{"type": "platform.report", "record": {"status": "success"}}',
        '{"level": "INFO", "logger": "botocore.endpoint", "message": "Found endpoint"}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}, "Retries": 1, "release_id": "r"}',
        "\n",
    ],
)
def test_notes_of_a_good_run_are_left_out(text: str) -> None:
    """Lambda's notes about a run that went well say nothing about a release; nor do metrics."""
    assert readable(LogLine(milliseconds(1), "e", "run_pipeline", text)) is None


def test_lines_about_one_release(reader: tuple[LogReader, Stubber]) -> None:
    """AWS searches for the id and for the executions, and only exact matches are shown, once."""
    logs, stubber = reader
    arn = "arn:aws:states:eu-west-1:1:execution:rm:e1"
    own = '{"release_id": "5.1", "message": "opened"}'
    early = f'{{"execution_arn": "{arn}", "message": "reads"}}'
    other = f'{{"release_id": "5.10", "execution_arn": "{arn}", "message": "opened"}}'
    found = {"5.1": [own, other, "5.1 as text"], "e1": [early, own]}
    for group in GROUPS.values():
        for term, lines in found.items():
            events = [
                {"timestamp": milliseconds(1), "eventId": text, "message": text} for text in lines
            ]
            stubber.add_response(
                "filter_log_events",
                {"events": events if group == "rm-open-release" else []},
                {
                    "logGroupName": f"/aws/lambda/{group}",
                    "startTime": milliseconds(0),
                    "filterPattern": f'"{term}"',
                },
            )
    about = Subject(release_id="5.1", execution_arns=frozenset({arn}))
    assert {line.text for line in logs.read(at(0), about)} == {own, early}
