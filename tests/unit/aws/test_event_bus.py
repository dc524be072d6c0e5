"""Events are put in batches that EventBridge accepts."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

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

    def __init__(self, *, failing: int = 0, hiccups: int = 0) -> None:
        super().__init__(failing=failing, hiccups=hiccups)
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


def test_only_what_was_refused_is_put_again() -> None:
    """A moment later EventBridge may accept it, and the order of the others stays."""
    client = Counting(hiccups=1)
    Bus(client, "default").put(*(orphan(n) for n in range(12)))  # type: ignore[arg-type]  # a fake
    assert [count for count, _ in client.calls] == [10, 1, 2]
    found = [int(each["releaseId"]) for each in client.details("Release Orphaned")]
    assert sorted(found) == list(range(12))
    assert found[-2:] == [10, 11]


class Unreachable(FakeEvents):
    """Carries out no call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def put_events(self, **_: Any) -> dict[str, Any]:
        """PutEvents."""
        self.calls += 1
        raise ClientError({"Error": {"Code": "InternalException"}}, "PutEvents")


def test_after_a_call_that_failed_no_other_is_made() -> None:
    """Each may take seconds that the function needs for its work; a later retry tries again."""
    client = Unreachable()
    bus = Bus(client, "default")  # type: ignore[arg-type]  # a fake
    with pytest.raises(ClientError):
        bus.put(orphan(1))
    with pytest.raises(AnnouncementRefused, match="failed before"):
        bus.put(orphan(2))
    assert client.calls == 1


def test_a_refused_event_keeps_no_other_from_the_bus() -> None:
    """EventBridge has answered, so other calls cost no more than they should."""
    client = Counting(failing=1)
    bus = Bus(client, "default")  # type: ignore[arg-type]  # a fake
    with pytest.raises(AnnouncementRefused):
        bus.put(orphan(1))
    bus.put(orphan(2))
    assert [each["releaseId"] for each in client.details("Release Orphaned")] == ["2"]
