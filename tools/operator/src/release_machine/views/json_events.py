"""Events as JSON, one object per line, for programs that follow a release."""

from datetime import datetime
from typing import TextIO

from release_core.clock import now, to_iso
from release_machine.follow.events import ConnectedAgain, Event, LookFailed
from release_machine.follow.opening import AlreadyReleased, Answer, Planned, Rejected
from release_machine.release.model import Snapshot
from release_machine.text.printable import json_text
from release_machine.views.event_facts import described
from release_machine.views.json_output import Json, document


class JsonView:
    """Writes each event as one line, with the time when it was seen."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, snapshot: Snapshot | None, events: list[Event]) -> None:
        """Write the events since the last look."""
        looked_at = snapshot.at if snapshot else now()
        release_id = snapshot.release.release_id if snapshot else None
        for event in events:
            _, facts = described(event)
            at = event.at if isinstance(event, LookFailed | ConnectedAgain) else looked_at
            self._write(at, event, {"releaseId": release_id, **facts})
        self._out.flush()

    def answer(self, answer: Answer) -> None:
        """Write the answer of an execution that opened nothing new."""
        self._write(now(), answer, {"releaseId": None, **_of_answer(answer)})
        self._out.flush()

    def _write(self, at: datetime, event: Event | Answer, facts: Json) -> None:
        document = {"at": to_iso(at), "event": event_name(type(event)), **facts}
        self._out.write(json_text(document) + "\n")


def event_name(kind: type) -> str:
    """The name of a kind of event."""
    name = kind.__name__
    return name[0].lower() + name[1:]


def _of_answer(answer: Answer) -> Json:
    match answer:
        case AlreadyReleased():
            return {"releaseId": answer.release_id, "releasedBy": answer.released_by}
        case Planned():
            return answer.plan
        case Rejected():
            return {
                "error": answer.error,
                "cause": answer.cause,
                "rejectedAt": document(answer.at),
            }
