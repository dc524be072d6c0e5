"""Values are cut into batches without losing or reordering any."""

from release_core.batches import batches


def test_the_last_batch_may_be_shorter() -> None:
    assert list(batches("abcde", 2)) == [("a", "b"), ("c", "d"), ("e",)]


def test_nothing_gives_no_batch() -> None:
    assert list(batches((), 3)) == []
