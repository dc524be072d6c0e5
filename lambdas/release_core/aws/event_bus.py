"""The event bus that everything is announced on."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import TYPE_CHECKING

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
    """Puts events with the source ``release-machine`` on the bus."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, *announcements: Announcement) -> None:
        """Put events, in their order.

        Raises AnnouncementRefused when EventBridge rejects any of them, and ClientError when
        EventBridge cannot be reached or throttles. Events before it are on the bus then.
        """
        for batch in _batches(announcements):
            answer = self._client.put_events(Entries=[self._entry(each) for each in batch])
            if answer["FailedEntryCount"]:
                types = ", ".join(sorted({each.detail_type for each in batch}))
                errors = {each.get("ErrorCode") for each in answer["Entries"]} - {None}
                raise AnnouncementRefused(
                    f"event bus {self._name} rejected {answer['FailedEntryCount']} of {len(batch)} "
                    f"events ({types}): {', '.join(map(str, sorted(errors, key=str)))}"
                )

    def _entry(self, announcement: Announcement) -> "PutEventsRequestEntryTypeDef":
        return {
            "Source": SOURCE,
            "DetailType": announcement.detail_type,
            "Detail": write_json(announcement.detail),
            "EventBusName": self._name,
        }


def _batches(announcements: Sequence[Announcement]) -> Iterator[Sequence[Announcement]]:
    """The events in batches that PutEvents accepts: few enough, and together small enough."""
    for few in batched(announcements, _MOST_ENTRIES, strict=False):
        is_small = sum(size(each.detail) for each in few) <= _MOST_LARGE * MAX_BYTES
        yield from [few] if is_small else batched(few, _MOST_LARGE, strict=False)
