"""A message as an e-mail: plain text, which no mail program takes for markup."""

from collections.abc import Iterator

from notify_people.message import Message
from notify_people.texts import CUT, Line, Quoted

# SNS: fewer than 100 characters, no line break. ASCII, because SNS once accepted nothing else.
MAX_SUBJECT = 99


def subject(message: Message) -> str:
    """Return the subject: the deployment, what happened to which release, and where."""
    names = f": {', '.join(message.names)}" if message.names else ""
    return in_ascii(f"[{message.event.deployment}] {plain(message.headline)}{names}", MAX_SUBJECT)


def in_ascii(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` ASCII characters; others become question marks."""
    readable = text.encode("ascii", errors="replace").decode()
    return readable if len(readable) <= limit else readable[: limit - len(CUT)] + CUT


def body(message: Message) -> str:
    """Return the text of the e-mail."""
    return "\n\n".join("\n".join(part) for part in _parts(message) if part) + "\n"


def plain(line: Line) -> str:
    """Return a line as plain text."""
    return "".join(part.text if isinstance(part, Quoted) else part for part in line)


def _parts(message: Message) -> Iterator[list[str]]:
    event = message.event
    yield [plain(message.headline), *map(plain, message.facts)]
    yield list(_failures(message))
    yield [plain(message.asked)] if message.asked else []
    yield ["Next:", f"  {event.next_command}"] if event.next_command else []
    yield ["In the AWS console:", f"  {event.console}"] if event.console else []
    origin = (f"Deployment {event.deployment}", f"account {event.account}", event.region, event.at)
    yield [", ".join(origin)]


def _failures(message: Message) -> Iterator[str]:
    for each in message.failures:
        place = f" in {plain(each.place)}" if each.place else ""
        yield f"- {each.pipeline}{place}: {each.reason}"
        if each.link:
            yield f"  {each.link}"
    if message.more_failures:
        yield f"- and {message.more_failures} more"
