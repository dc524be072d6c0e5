"""JSON is read without loss, or rejected with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.errors import ManifestUnreadable
from release_core.strict_json import MAX_BYTES, ExactNumber, read_json, write_json


def test_a_number_keeps_its_spelling() -> None:
    """5.10 is read as a number that remembers its spelling."""
    value = read_json(b'{"id": 5.10}', place="here")
    assert isinstance(value, dict)
    number = value["id"]
    assert isinstance(number, ExactNumber)
    assert (number.spelling, number) == ("5.10", 5.1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON: Expecting value at line 1, column 1"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "repeated keys: 'c'"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 30_000, "nested too deeply"),
        ('{"a": "é"}'.encode("latin-1"), "not UTF-8 text"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8 text"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not a usable JSON document"),
        (b" " * (MAX_BYTES + 1), "a manifest has at most 262,144"),
    ],
)
def test_unreadable_json_is_rejected_with_its_place(content: bytes, says: str) -> None:
    """Unreadable content raises ManifestUnreadable with the place and the reason."""
    with pytest.raises(ManifestUnreadable) as caught:
        read_json(content, place="s3://bucket/key")
    assert str(caught.value).startswith("s3://bucket/key ")
    assert says in str(caught.value)


def test_a_byte_order_mark_is_ignored() -> None:
    """A byte order mark before UTF-8 text is ignored."""
    assert read_json(b'\xef\xbb\xbf{"a": 1}', place="here") == {"a": 1}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(content: bytes) -> None:
    """Any bytes are read, or rejected with ManifestUnreadable."""
    said = "here "
    try:
        read_json(content, place="here")
    except ManifestUnreadable as refusal:
        said = str(refusal)
    assert said.startswith("here ")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_canonical_text_reads_back(value: object) -> None:
    """The canonical text of a value is read back as the same value."""
    assert read_json(write_json(value), place="here") == value
