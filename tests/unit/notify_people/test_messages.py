"""What people read about each type of event, as it is sent.

The files in messages/ are what a release manager sees at night. After a change on purpose, delete
them, run this file with WRITE_MESSAGES=1, and read each as that person would.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from notify_people import chat, mail, sms
from notify_people.message import Message, Severity
from notify_people.reading import read_event
from notify_people.wording import message_of, told_types
from release_core.domain import announcements
from tests.unit.notify_people.events import event, example, examples

MESSAGES = Path(__file__).with_name("messages")
TOLD = {name: each for name, each in examples().items() if each["detail-type"] in told_types()}
SEVERITIES = {
    "approval-answered": Severity.INFO,
    "approval-requested": Severity.ACTION,
    "release-cancelled": Severity.WARNING,
    "release-failed": Severity.ERROR,
    "release-failing": Severity.ERROR,
    "release-held": Severity.INFO,
    "release-rejected": Severity.ERROR,
    "release-started": Severity.INFO,
    "release-stuck": Severity.ERROR,
    "release-succeeded": Severity.INFO,
}


def message(sent: dict[str, Any]) -> Message:
    """The message about an event that people are told about."""
    read = read_event(sent)
    assert not isinstance(read, str), read
    made = message_of(read)
    assert made
    return made


def as_sent(made: Message) -> str:
    """The e-mail, the chat message and the SMS, as text."""
    content = json.loads(chat.notification(made))["content"]
    parts = (
        f"Subject: {mail.subject(made)}\n\n{mail.body(made)}",
        "\n".join([content["title"], content["description"], *content.get("nextSteps", [])]),
        sms.text(made),
    )
    return "\n--------\n".join(part.rstrip("\n") for part in parts) + "\n"


@pytest.mark.parametrize("name", TOLD)
def test_people_read_this(name: str) -> None:
    """Subject, e-mail, chat and SMS of each example are the ones on file."""
    file, now = MESSAGES / f"{name}.txt", as_sent(message(TOLD[name]))
    if os.environ.get("WRITE_MESSAGES") and not file.exists():
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")


def test_there_is_no_other_message_on_file() -> None:
    """Each file is the message about an example."""
    assert {path.stem for path in MESSAGES.glob("*")} == set(TOLD)


@pytest.mark.parametrize("name", TOLD)
def test_messages_say_how_urgent_they_are(name: str) -> None:
    """Only what a person must know at night is an error, and a question asks for action."""
    assert message(TOLD[name]).severity is SEVERITIES[name.rpartition("-")[0]]


@pytest.mark.parametrize("name", TOLD)
def test_messages_have_one_order(name: str) -> None:
    """Outcome and release; what failed; who asked, how long; next command; console."""
    made = message(TOLD[name])
    said = made.event
    parts = [
        mail.plain(made.headline),
        *(mail.plain(fact) for fact in made.facts),
        *(text for each in made.failures for text in (each.pipeline, each.reason, each.link)),
        mail.plain(made.asked),
        said.next_command,
        said.console,
    ]
    body, at = mail.body(made), 0
    for part in filter(None, parts):
        at = body.index(part, at) + len(part)


@pytest.mark.parametrize(
    "detail_type", [announcements.PIPELINE_SETTLED, announcements.RELEASE_ORPHANED, "Else"]
)
def test_other_events_are_not_worth_a_message(detail_type: str) -> None:
    """A pipeline of a release of a thousand sends no message, and what is internal neither."""
    read = read_event(event(detail_type, {}))
    assert not isinstance(read, str)
    assert message_of(read) is None


@pytest.mark.parametrize("detail_type", sorted(told_types()))
def test_an_event_without_any_field_is_told(detail_type: str) -> None:
    """A field that is missing or of another type is left out, and the rest is told."""
    wrong = {name: 7 for each in TOLD.values() for name in each["detail"]}
    for detail in ({}, wrong):
        made = message(event(detail_type, detail))
        assert mail.plain(made.headline) in mail.body(made)
        assert json.loads(chat.notification(made))["version"] == "1.0"
        assert 0 < len(sms.text(made)) <= sms.MAX_LENGTH


def test_a_later_attempt_is_named() -> None:
    """A retry is told apart from the first attempt; all are in one thread of the chat."""
    first, second = (message(example("release-failed-1", attempt=number)) for number in (1, 2))
    assert "attempt" not in mail.subject(first)
    assert "FAILED (attempt 2)" in mail.subject(second)
    threads = {
        json.loads(chat.notification(each))["metadata"]["threadId"] for each in (first, second)
    }
    assert threads == {"release-machine/2026.11.22-1"}


def test_a_rejection_is_an_error() -> None:
    """A rejected approval stops its dependents; the comment says why."""
    made = message(example("approval-answered-1", decision="reject", comment="prices are wrong"))
    assert made.severity is Severity.ERROR
    assert "go-live was REJECTED" in mail.subject(made)
    assert "Comment: prices are wrong" in mail.body(made)
    assert "given" not in mail.body(made)


def test_an_unreadable_manifest_has_no_release() -> None:
    """Then the message says which object was rejected, and why."""
    made = message(
        example(
            "release-rejected-1",
            releaseId=None,
            problems=[],
            why="line 1\nline 2",
            source="s3://a/b",
        )
    )
    assert mail.subject(made) == "[release-machine] A manifest was REJECTED. Nothing ran."
    assert "Why: line 1\nline 2\nThe manifest is s3://a/b." in mail.body(made)


def test_more_failures_than_an_event_names_are_counted() -> None:
    """An event names ten; the message says how many others there are."""
    failure = examples()["release-failed-1"]["detail"]["failures"][0]
    counts = {"total": 40, "failed": 30, "succeeded": 4, "skipped": 6}
    made = message(example("release-failed-1", failures=[failure] * 12, counts=counts))
    assert mail.body(made).count("- payments") == 10
    assert "- and 20 more" in mail.body(made)
    assert "30 of 40 pipelines did not succeed.\nOthers: 6 skipped." in mail.body(made)


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("halt", "Nothing more starts"),
        ("continue", "do not depend on it continue"),
        ("stop", "Running pipelines are stopped"),
        ("rollback", "the release is rolled back"),
        ("dance", None),
    ],
)
def test_a_failing_release_says_what_happens_now(policy: str, says: str | None) -> None:
    """The policy of the manifest, in words; one that is not known is left out."""
    body = mail.body(message(example("release-failing-1", onFailure=policy)))
    assert says in body if says else policy not in body


def test_a_rollback_is_named() -> None:
    """The outcome names the rollback that starts now, or the release that was rolled back."""
    assert "Release 7-rollback rolls it back now." in mail.body(
        message(example("release-failed-1", rollsBackAs="7-rollback"))
    )
    assert "It rolled back release 7." in mail.body(
        message(example("release-succeeded-1", rollbackOf="7"))
    )


def test_a_small_screen_shows_the_reason_before_the_command() -> None:
    """An SMS has one part; a command that leaves no room is left out."""
    short = sms.text(message(example("release-failed-1")))
    assert short.startswith("Release 2026.11.22-1 FAILED: payments: The bucket does not exist")
    assert short.endswith(" release-machine retry 2026.11.22-1")
    long_id = "a" * 100
    without = sms.text(
        message(example("release-failed-1", nextCommand=f"release-machine retry {long_id}"))
    )
    assert "retry" not in without
    assert len(without) <= sms.MAX_LENGTH
