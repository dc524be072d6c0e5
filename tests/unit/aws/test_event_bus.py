"""Events are put in batches that EventBridge accepts."""

import pytest

from release_core.aws.event_bus import Bus
from release_core.domain.announcement import MAX_BYTES, Announcement, size
from release_core.errors import AnnouncementRefused
from tests.fakes.events import FakeEvents


def orphan(number: int, *, cause: str | None = None) -> Announcement:
    """An event about release number."""
    fields = ("executionArn", "stateMachineArn")
    detail = {"releaseId": str(number), **dict.fromkeys(fields, "arn"), "status": "ABORTED"}
    return Announcement(
        detail_type="Release Orphaned", detail={**detail, "error": None, "cause": cause}
    )


class Counting(FakeEvents):
    """Counts the entries of each call, and their bytes."""

    def __init__(self, *, failing: int = 0) -> None:
        super().__init__(failing=failing)
        self.calls: list[tuple[int, int]] = []

    def put_events(self, **request: object) -> dict[str, object]:
        """PutEvents."""
        entries: list[dict[str, str]] = request["Entries"]  # type: ignore[assignment]  # as sent
        self.calls.append((len(entries), sum(len(each["Detail"]) for each in entries)))
        return super().put_events(**request)


def test_many_events_are_few_calls() -> None:
    """Ten events are one call, and the order stays."""
    client = Counting()
    Bus(client, "default").put(*(orphan(n) for n in range(25)))  # type: ignore[arg-type]  # a fake
    assert [count for count, _ in client.calls] == [10, 10, 5]
    found = [each["releaseId"] for each in client.details("Release Orphaned")]
    assert found == [str(n) for n in range(25)]


def test_large_events_are_more_calls() -> None:
    """All events of a call have together at most 256 KB."""
    client = Counting()
    large = [orphan(n, cause="x" * (MAX_BYTES - 200)) for n in range(7)]
    assert size(large[0].detail) <= MAX_BYTES
    Bus(client, "default").put(*large)  # type: ignore[arg-type]  # a fake
    assert [count for count, _ in client.calls] == [3, 3, 1]
    assert max(size for _, size in client.calls) < 256 * 1024


def test_no_event_is_no_call() -> None:
    """EventBridge rejects a call without entries."""
    client = Counting()
    Bus(client, "default").put()  # type: ignore[arg-type]  # a fake
    assert client.calls == []


def test_a_refused_event_is_an_error_that_names_its_type() -> None:
    """A part of a batch may be on the bus; the whole is put again under the same ids."""
    client = Counting(failing=1)
    with pytest.raises(AnnouncementRefused, match=r"rejected 1 of 2 events \(Release Orphaned\)"):
        Bus(client, "default").put(orphan(1), orphan(2))  # type: ignore[arg-type]  # a fake
    assert len(client.entries) == 1
