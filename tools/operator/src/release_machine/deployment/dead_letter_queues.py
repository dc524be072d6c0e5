"""The dead-letter queues of a deployment: reads their messages, and deletes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release_core.aws.clients import in_parallel
from release_core.batches import batches
from release_machine.errors import UnreachableError
from release_machine.release.dead_letters import DeadLetter, Queue, read_message

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef as Received

_BATCH = 10  # SQS returns and changes at most so many messages in one call
# A receive that waits asks all servers of a queue. One that does not may miss messages.
_WAIT_SECONDS = 1
# Others that list messages show them again after some seconds.
_PATIENCE_SECONDS = 5
# A message that was read is hidden from others for this long at most, also if this command is
# killed. Otherwise it is shown again as soon as the command is done with it.
_HIDDEN_SECONDS = 60
_OF_RULES = {
    "manifest_dropped": None,
    "state_changed": "record_state_change",
    "execution_ended": "close_release",
    "hour_passed": "close_release",
    "calendar_opened": "change_freeze",
    "people_told": "notify_people",
}
_OF_FUNCTIONS = ("record_state_change", "close_release", "change_freeze", "notify_people")
# They exist only in a deployment with change calendars.
_OPTIONAL = frozenset({"calendar_opened", "change_freeze"})


def queues_of(name_prefix: str) -> list[Queue]:
    """The dead-letter queues of a deployment, as Terraform names them."""
    of_rules = [
        Queue(
            key=rule,
            name=f"{name_prefix}-{rule.replace('_', '-')}-undelivered",
            function=function,
        )
        for rule, function in _OF_RULES.items()
    ]
    of_functions = [
        Queue(
            key=function,
            name=f"{name_prefix}-{function.replace('_', '-')}-failures",
            function=function,
            failed=True,
        )
        for function in _OF_FUNCTIONS
    ]
    return [*of_rules, *of_functions]


@dataclass(frozen=True, slots=True, kw_only=True)
class InQueue:
    """The messages that were read from a queue.

    About ``more`` messages were not read, and others still read about ``elsewhere`` of them.
    """

    queue: Queue
    letters: Sequence[DeadLetter] = ()
    more: int = 0
    elsewhere: int = 0


class DeadLetterQueues:
    """Reads the dead-letter queues of one deployment."""

    def __init__(self, sqs: SQSClient, *, name_prefix: str) -> None:
        self._sqs = sqs
        self._queues = queues_of(name_prefix)
        self._urls: dict[Queue, str] = {}

    @contextmanager
    def reading(self, limit: int) -> Iterator[list[InQueue]]:
        """The messages of each queue, at most ``limit`` of each; others see them after the block.

        Raises UnreachableError if a queue does not exist, and ClientError.
        """
        self._urls = dict(each for each in in_parallel(self._find, self._queues) if each)
        taken: dict[Queue, list[Received]] = {queue: [] for queue in self._urls}
        try:
            yield in_parallel(lambda queue: self._read(queue, limit, taken[queue]), self._urls)
        finally:
            in_parallel(lambda queue: self._show_again(queue, taken[queue]), self._urls)

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message that was read."""
        self._sqs.delete_message(QueueUrl=self._urls[letter.queue], ReceiptHandle=letter.receipt)

    def _find(self, queue: Queue) -> tuple[Queue, str] | None:
        try:
            return queue, self._sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
        except self._sqs.exceptions.QueueDoesNotExist as error:
            if queue.key in _OPTIONAL:
                return None
            raise UnreachableError(
                f"There is no queue {queue.name}.",
                "The deployment is of another version than this command: deploy again, or use the "
                "version of the command that is deployed.",
            ) from error

    def _read(self, queue: Queue, limit: int, taken: list[Received]) -> InQueue:
        self._receive(queue, limit, taken, wait=_WAIT_SECONDS)
        visible, hidden = self._counts(queue)
        if hidden > len(taken) < limit:
            self._receive(queue, limit, taken, wait=_PATIENCE_SECONDS)
            visible, hidden = self._counts(queue)
        letters = {each["MessageId"]: read_message(queue, each) for each in taken}
        return InQueue(
            queue=queue,
            letters=sorted(letters.values(), key=lambda letter: letter.since),
            more=visible if len(taken) >= limit else 0,
            elsewhere=max(0, hidden - len(taken)),
        )

    def _receive(self, queue: Queue, limit: int, taken: list[Received], *, wait: int) -> None:
        """Receive messages until there are no more, or until ``taken`` has as many as the limit."""
        while len(taken) < limit:
            received = self._sqs.receive_message(
                QueueUrl=self._urls[queue],
                MaxNumberOfMessages=min(_BATCH, limit - len(taken)),
                WaitTimeSeconds=wait,
                VisibilityTimeout=_HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", [])
            if not received:
                return
            taken += received

    def _counts(self, queue: Queue) -> tuple[int, int]:
        """About how many messages a queue has that can be received, and that are hidden."""
        names: Sequence[Any] = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ]
        found = self._sqs.get_queue_attributes(QueueUrl=self._urls[queue], AttributeNames=names)
        visible, hidden = (int(found["Attributes"][name]) for name in names)
        return visible, hidden

    def _show_again(self, queue: Queue, taken: Sequence[Received]) -> None:
        # Of a message that was deleted meanwhile, SQS reports a failure, which changes nothing.
        for batch in batches(taken, _BATCH):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._urls[queue],
                Entries=[
                    {
                        "Id": str(place),
                        "ReceiptHandle": each["ReceiptHandle"],
                        "VisibilityTimeout": 0,
                    }
                    for place, each in enumerate(batch)
                ],
            )
