"""Finds messages in dead-letter queues, sends their events again, and deletes them.

Sending an event again is safe. Each function records a fact once, decides from what is on record,
and writes under conditions, so an event that comes twice or days late changes nothing that is not
due. A manifest that is sent again starts its release now, if no other attempt has released it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from release_machine.deployment.deployment import LIVE
from release_machine.errors import OperatorError, UsageError
from release_machine.release.dead_letters import DeadLetter

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient

    from release_core.ledger.history import HistoryReader
    from release_machine.deployment.deployment import Deployment


def find_letters(
    letters: Sequence[DeadLetter], ids: Iterable[str], *, unread: bool
) -> list[DeadLetter]:
    """The messages with these ids, or with ids that begin so.

    Raises UsageError for an id that no message has, or that several begin with; ``unread`` tells
    that a queue has more messages than were read.
    """
    found: dict[str, DeadLetter] = {}
    for wanted in ids:
        matching = [each for each in letters if each.id.startswith(wanted)]
        if not matching:
            more = "read more of each queue with --limit, or " if unread else ""
            raise UsageError(
                f"No dead-letter queue has a message {wanted}.",
                "It may have been replayed or deleted, or somebody else reads it at this moment: "
                f"{more}list the messages with: release-machine dead-letters",
            )
        if len(matching) > 1:
            raise UsageError(
                f"{len(matching)} messages have an id that begins with {wanted}.",
                f"Name one of them: {', '.join(each.id for each in matching)}.",
            )
        found[matching[0].id] = matching[0]
    return list(found.values())


def releases_of(letters: Iterable[DeadLetter], ledger: HistoryReader) -> dict[str, str]:
    """The id of the release that each message is of, by the id of the message, where known."""
    waiting = list(letters)
    ids = {each.subject.execution_id for each in waiting if each.subject.execution_id}
    executions = ledger.get_executions(sorted(ids)) if ids else {}
    arns = {each.subject.execution_arn for each in waiting if each.subject.execution_arn}
    opened = {arn: ledger.release_opened_by(arn) for arn in sorted(arns)}
    found: dict[str, str] = {}
    for letter in waiting:
        subject = letter.subject
        execution = executions.get(subject.execution_id or "")
        release_id = (
            subject.release_id
            or (execution.release_id if execution else None)
            or opened.get(subject.execution_arn or "")
        )
        if release_id:
            found[letter.id] = release_id
    return found


class Replay:
    """Sends an event to where it was meant for."""

    def __init__(self, deployment: Deployment, *, functions: LambdaClient, sfn: SFNClient) -> None:
        self._deployment = deployment
        self._functions = functions
        self._sfn = sfn

    def __call__(self, letter: DeadLetter) -> str:
        """Send an event again, and tell where to.

        Raises OperatorError for a message without an event, and ClientError.
        """
        if letter.event is None:
            raise OperatorError(
                f"Message {letter.id} of {letter.queue.name} holds no event, so it cannot be "
                "replayed.",
                f"Delete it with: release-machine dead-letters delete {letter.id}",
            )
        if letter.queue.function is None:
            return self._start(letter)
        name = self._deployment.function_names[letter.queue.function]
        self._functions.invoke(
            FunctionName=name,
            Qualifier=LIVE,  # what fails again goes back to the queue only from there
            InvocationType="Event",
            Payload=letter.payload.encode(),
        )
        return f"sent to {name}"

    def _start(self, letter: DeadLetter) -> str:
        # Race: two people replay the same message. Both start the execution of the same name.
        name = f"replay-{letter.id}"
        arn = self._deployment.execution_arn(name)
        try:
            self._sfn.start_execution(
                stateMachineArn=self._deployment.state_machine_arn,
                name=name,
                input=letter.payload,
            )
        except self._sfn.exceptions.ExecutionAlreadyExists:
            return f"already replayed as execution {arn}"
        return f"started execution {arn}"
