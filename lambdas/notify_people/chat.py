"""A message for Slack and Microsoft Teams, in the schema of custom notifications of Amazon Q.

Amazon Q Developer in chat applications (once AWS Chatbot) renders ``client-markdown`` in the markup
of each program, and no escape means the same in both. So foreign text is shown as code, without the
characters that begin mentions and links: Slack looks for these in code, too.
"""

import json
import re
from collections.abc import Callable, Iterator

from notify_people.message import Event, Failure, Message, Severity
from notify_people.texts import CUT, Line, Quoted

# Amazon Q's limits, in characters.
MAX_TITLE = 250
MAX_DESCRIPTION = 8000

_MARKUP = str.maketrans({"`": "'", "<": "\u2039", ">": "\u203a"})
_MENTION = re.compile(r"(?<![\w.])@(?=\w)")
_SIGNS = {
    Severity.ERROR: "\u274c",
    Severity.ACTION: "\u270b",
    Severity.WARNING: "\u26a0\ufe0f",
    Severity.INFO: "\u2139\ufe0f",
}
_SUCCESS = "\u2705"


def notification(message: Message) -> str:
    """Return the JSON of the notification. All messages of a release are in one thread."""
    event = message.event
    headline = _cut(_marked(message.headline, quote=harmless), MAX_TITLE - 3)
    is_success = event.status == "SUCCEEDED"
    content = {
        "textType": "client-markdown",
        "title": f"{_SUCCESS if is_success else _SIGNS[message.severity]} {headline}",
        "description": _description(message),
        "nextSteps": list(_next_steps(event)),
        "keywords": [harmless(each) for each in (event.deployment, event.status) if each],
    }
    metadata = {
        "threadId": f"{event.deployment}/{event.release_id or event.execution_arn}",
        "summary": headline,
        "eventType": event.type,
        "relatedResources": [harmless(event.execution_arn)] if event.execution_arn else [],
        "additionalContext": _context(event),
    }
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "id": event.event_id,
            "content": {name: value for name, value in content.items() if value},
            "metadata": {name: value for name, value in metadata.items() if value},
        }
    )


def harmless(text: str) -> str:
    """Return a foreign text in which neither program finds a mention, a link or the end of code."""
    return _MENTION.sub("(at)", text.translate(_MARKUP)).replace("](", "] (")


def code(text: str) -> str:
    """Return a foreign text as code."""
    return f"`{harmless(text)}`" if text else ""


def _marked(line: Line, *, quote: Callable[[str], str] = code) -> str:
    return "".join(quote(part.text) if isinstance(part, Quoted) else part for part in line)


def _description(message: Message) -> str:
    """Everything between the outcome and the next command; links may be long, so fewer may fit."""
    for shown in range(len(message.failures), -1, -1):
        text = "\n\n".join(_paragraphs(message, shown))
        if len(text) <= MAX_DESCRIPTION:
            break
    return _cut(text, MAX_DESCRIPTION)


def _paragraphs(message: Message, shown: int) -> Iterator[str]:
    yield from map(_marked, message.facts)
    failures = [_failure(each) for each in message.failures[:shown]]
    if more := message.more_failures + len(message.failures) - shown:
        failures.append(f"- and {more} more")
    if failures:
        yield "\n".join(failures)
    if message.asked:
        yield _marked(message.asked)


def _failure(failure: Failure) -> str:
    place = f" in {_marked(failure.place)}" if failure.place else ""
    link = f" {failure.link}" if failure.link else ""
    return f"- {code(failure.pipeline)}{place}: {code(failure.reason)}{link}"


def _next_steps(event: Event) -> Iterator[str]:
    # A command that had to be changed would be another command.
    if event.next_command and harmless(event.next_command) == event.next_command:
        yield code(event.next_command)
    if event.console:
        yield f"AWS console: {event.console}"


def _context(event: Event) -> dict[str, str]:
    said = {"Account": event.account, "Region": event.region, "Time": event.at}
    return {name: harmless(text) for name, text in said.items() if text}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT
