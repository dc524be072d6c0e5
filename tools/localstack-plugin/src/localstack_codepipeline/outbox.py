"""Sends events to the event bus in the order they happened, unless a fault changes it."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from localstack_codepipeline.alarm import Alarm
from localstack_codepipeline.faults import Fault, Faults
from localstack_codepipeline.model import EmitEvent

LOG = logging.getLogger(__name__)

# PutEvents takes ten entries at a time.
MOST_AT_ONCE = 10


class Letter(NamedTuple):
    """An event, and the account and Region whose default bus it goes to."""

    account: str
    region: str
    event: EmitEvent


class Outbox:
    """One thread that sends letters in order; `send` gets up to ten of one account and Region."""

    def __init__(
        self, send: Callable[[list[Letter]], None], *, faults: Faults, alarm: Alarm
    ) -> None:
        self._send = send
        self._faults = faults
        self._alarm = alarm
        self._changed = threading.Condition()
        self._letters: deque[Letter] = deque()
        self._held: dict[str, tuple[Fault, Letter]] = {}
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="codepipeline-outbox", daemon=True)
        self._thread.start()

    def put(self, letter: Letter) -> None:
        """Queue a letter, after applying the fault that matches it."""
        event = letter.event
        facts = {
            "detailType": event.detail_type,
            "pipeline": event.pipeline,
            "state": event.state,
        }
        with self._changed:
            for fault_id, (fault, held) in self._held.items():
                if fault.matches(facts):
                    del self._held[fault_id]
                    self._post(letter, held)
                    return
            self._post_faulty(letter, self._faults.take("event", **facts))

    def release(self, fault_ids: list[str]) -> None:
        """Send the events that the removed faults still hold back."""
        with self._changed:
            for fault_id in fault_ids:
                if fault_id in self._held:
                    self._post(self._held.pop(fault_id)[1])

    def stop(self) -> None:
        """Send the queued letters and end the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _post(self, *letters: Letter) -> None:
        with self._changed:
            self._letters.extend(letters)
            self._changed.notify()

    def _post_faulty(self, letter: Letter, fault: Fault | None) -> None:
        match fault.effect if fault else "":
            case "lose":
                LOG.info("Dropped by a fault: %s %s", letter.event.pipeline, letter.event.state)
            case "double":
                self._post(letter, letter)
            case "delay" if fault:
                moment = datetime.now(UTC) + timedelta(seconds=fault.given["seconds"])
                self._alarm.at(moment, lambda: self._post(letter))
            case "reorder" if fault:
                # Held until the next matching event, and sent right after it.
                self._held[fault.id] = (fault, letter)
            case _:
                self._post(letter)

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                self._send(batch)
            except (ClientError, BotoCoreError):
                # AWS delivers events on a best-effort basis; an error must not stop pipelines.
                LOG.exception("Could not put %d events on the bus", len(batch))

    def _next_batch(self) -> list[Letter]:
        """Wait for letters and return those that one call can send; an empty list means: stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._letters or self._stopped)
            batch: list[Letter] = []
            while self._letters and len(batch) < MOST_AT_ONCE:
                if batch and self._letters[0][:2] != batch[0][:2]:
                    break
                batch.append(self._letters.popleft())
            return batch
