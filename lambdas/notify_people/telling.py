"""Sends one SNS message for an event."""

from typing import TYPE_CHECKING

from notify_people.publication import publication
from notify_people.reading import read_event
from notify_people.wording import message_of
from release_core.immutable import Immutable
from release_core.logs import invocation, log_of

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

log = log_of(__name__)


class NotifyPeople(Immutable):
    """Tells people about events of the release machine."""

    sns: "SNSClient"
    topic_arn: str

    def tell(self, event: object) -> None:
        """Publish a message, or log why people are not told. Raises ClientError, so Lambda repeats.

        A repeat may send a second message: topics that drop repeats (FIFO) send no e-mails. Both
        have the same ``eventId``.
        """
        read = read_event(event)
        if isinstance(read, str):
            log.warning("ignored: %s", read)
            return
        with invocation(release_id=read.release_id, execution_arn=read.execution_arn):
            message = message_of(read)
            if message is None:
                log.warning("ignored: people are not told of %s", read.type)
                return
            answer = self.sns.publish(**publication(message, self.topic_arn))
            log.info(
                "told people of %s",
                read.type,
                extra={"event_id": read.event_id, "message_id": answer["MessageId"]},
            )
