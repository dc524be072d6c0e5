"""Messages of dead-letter queues, drawn with rich and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from release_machine.release.dead_letters import DeadLetter, without_secrets
from release_machine.release.ways_out import Hint
from release_machine.text.printable import in_one_line, json_text
from release_machine.text.wording import clock_time
from release_machine.views.json_output import Json, document


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message with the id of the release that its event is of, if the ledger knows it."""

    letter: DeadLetter
    release_id: str | None

    @property
    def facts(self) -> Mapping[str, str]:
        """What is known of the message, by name."""
        letter, subject = self.letter, self.letter.subject
        named = {
            "id": letter.id,
            "event": letter.kind,
            "release": self.release_id,
            "pipeline": subject.pipeline,
            "execution": subject.execution_id or subject.execution_arn,
            "manifest": subject.object,
            "why": letter.why,
        }
        return {name: in_one_line(value) for name, value in named.items() if value}


def letters_list(shown: Sequence[Shown]) -> RenderableType:
    """Draw each message with its facts, whole, and the commands for it."""
    parts: list[RenderableType] = []
    for each in shown:
        parts += [*_block(each), Text("")]
    for words, command in (
        ("See one whole with:", "show"),
        ("Remove the cause, then send it again with:", "replay"),
    ):
        parts.append(Hint(words, f"release-machine dead-letters {command} ID"))
    return Group(*parts)


def letter_whole(shown: Shown) -> RenderableType:
    """Draw one message with its attributes and its event, without secrets."""
    parts: list[RenderableType] = [*_block(shown)]
    if shown.letter.attributes:
        parts.append(Text("\nattributes", style="dim"))
        parts += [
            _indented(f"{name}  {in_one_line(value)}")
            for name, value in sorted(shown.letter.attributes.items())
        ]
    if shown.letter.event is not None:
        parts.append(Text("\nevent", style="dim"))
        parts.append(_indented(json_text(without_secrets(shown.letter.event), indent=2)))
    return Group(*parts)


def letter_document(shown: Shown) -> Json:
    """A message as JSON, without its event."""
    letter, subject = shown.letter, shown.letter.subject
    return {
        "id": letter.id,
        "queue": letter.queue.name,
        "since": document(letter.since),
        "event": letter.kind if letter.event is not None else None,
        "releaseId": shown.release_id,
        "pipeline": subject.pipeline,
        "executionId": subject.execution_id,
        "executionArn": subject.execution_arn,
        "manifest": subject.object,
        "why": letter.why,
    }


def whole_document(shown: Shown) -> Json:
    """A message as JSON, with its attributes and its event, without secrets."""
    return {
        **letter_document(shown),
        "attributes": dict(shown.letter.attributes),
        "message": without_secrets(shown.letter.event),
    }


def _block(shown: Shown) -> Sequence[RenderableType]:
    letter = shown.letter
    head = Text(f"{clock_time(letter.since)}  {letter.queue.name}", style="bold", overflow="fold")
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, fact in shown.facts.items():
        facts.add_row(name, fact)
    return [head, Padding(facts, (0, 0, 0, 4))]


def _indented(text: str) -> Padding:
    return Padding(Text(text, overflow="fold"), (0, 0, 0, 4))
