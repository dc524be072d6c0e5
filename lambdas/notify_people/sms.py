"""A message as an SMS: what happened and the next command, in one part of 140 characters."""

from notify_people.mail import in_ascii, plain
from notify_people.message import Message

MAX_LENGTH = 140  # ASCII characters of one part
_LEAST = 60  # characters for what happened


def text(message: Message) -> str:
    """Return the text. A command that leaves too little room for the news is left out."""
    command = message.event.next_command or ""
    room = MAX_LENGTH - len(command) - 1
    if not command or room < _LEAST:
        command, room = "", MAX_LENGTH
    news = ": ".join(plain(each) for each in (message.headline, message.reason) if each)
    return f"{in_ascii(news, room)} {command}".rstrip()
