"""The event bus that everything is announced on."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from release_core.batches import batches
from release_core.domain.announcement import MAX_BYTES, Announcement, size
from release_core.errors import AnnouncementRefused
from release_core.strict_json import write_json

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "release-machine"

# PutEvents accepts ten entries of together 256 KB: three of the largest.
_MOST_ENTRIES = 10
_MOST_LARGE = 3


class Bus:
    """Puts events with the source ``release-machine`` on the bus, for one invocation.

    After a call that EventBridge did not carry out, it makes no other call: each may take seconds,
    and the function has other work to do in its time.
    """

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name
        self._error: Exception | None = None  # of the call that was not carried out

    def put(self, *announcements: Announcement) -> None:
        """Put events, in their order.

        Those that EventBridge rejects are put once more. Raises AnnouncementRefused when it rejects
        one again, or after an earlier call was not carried out, and ClientError or BotoCoreError
        when EventBridge cannot be reached or throttles. Other events may be on the bus then.
        """
        for batch in _batches(announcements):
            rejected = self._put(batch)
            again = self._put([each for each, _ in rejected]) if rejected else rejected
            if again:
                types = ", ".join(sorted({each.detail_type for each, _ in again}))
                errors = ", ".join(sorted({error for _, error in again}))
                raise AnnouncementRefused(
                    f"event bus {self._name} rejected {len(again)} of {len(batch)} events "
                    f"({types}): {errors}"
                )

    def _put(self, batch: Sequence[Announcement]) -> list[tuple[Announcement, str]]:
        """Put events that one call accepts; returns the rejected ones, each with its error."""
        if self._error:
            raise AnnouncementRefused(
                f"event bus {self._name} failed before in this invocation"
            ) from self._error
        try:
            answer = self._client.put_events(Entries=[self._entry(each) for each in batch])
        except (ClientError, BotoCoreError) as error:
            self._error = error
            raise
        results = zip(batch, answer["Entries"], strict=True)
        return [(each, result["ErrorCode"]) for each, result in results if "ErrorCode" in result]

    def _entry(self, announcement: Announcement) -> "PutEventsRequestEntryTypeDef":
        return {
            "Source": SOURCE,
            "DetailType": announcement.detail_type,
            "Detail": write_json(announcement.detail),
            "EventBusName": self._name,
        }


def _batches(announcements: Sequence[Announcement]) -> Iterator[Sequence[Announcement]]:
    """The events in batches that PutEvents accepts: few enough, and together small enough."""
    for few in batches(announcements, _MOST_ENTRIES):
        is_small = sum(size(each.detail) for each in few) <= _MOST_LARGE * MAX_BYTES
        yield from [few] if is_small else batches(few, _MOST_LARGE)
