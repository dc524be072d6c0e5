"""The event bus that outcomes are announced on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from release_core.errors import AnnouncementRefused
from release_core.strict_json import write_json

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

SOURCE = "release-machine"


class Bus:
    """Puts events with the source ``release-machine`` on the bus."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put one event.

        Raises AnnouncementRefused when EventBridge rejects the event, and ClientError when
        EventBridge cannot be reached or throttles.
        """
        answer = self._client.put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": detail_type,
                    "Detail": write_json(detail),
                    "EventBusName": self._name,
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise AnnouncementRefused(
                f"event bus {self._name} rejected {detail_type!r}: {answer['Entries']}"
            )
