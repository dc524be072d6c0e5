"""The event bus, where outcomes are announced."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from release_core.errors import AnnouncementRefused
from release_core.strict_json import write_json

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

SOURCE = "release-machine"


class Bus:
    """Puts events with our source on the bus."""

    def __init__(self, client: "EventBridgeClient", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put one event.

        Raises AnnouncementRefused when EventBridge does not take it, and ClientError when it
        could not be reached or was busy.
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
                f"the bus {self._name} did not take {detail_type!r}: {answer['Entries']}"
            )
