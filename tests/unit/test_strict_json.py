"""JSON is read without loss, or rejected with its place."""

import re

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
        (b"", "is not JSON at line 1, column 1: expected a value"),
        (b'{"a": 1,\n "b" 2}', "is not JSON at line 2, column 6: expected `:` after the key"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "repeated keys: 'c'"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 30_000, "nested too deeply"),
        ('{"a": "é"}'.encode("latin-1"), "is not UTF-8 text at byte 8; save it as UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8 text"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a whole number has at most 4,300 digits"),
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


PIECES = [*"{}[],:1 \t\n\\\ufeff", '"', '"a"', "\\u12", "nul", "NaN", "true", "9" * 5000]
# Words of the json module, of Python's codecs and of its limits.
LIBRARY_TEXT = re.compile(r"Expecting|delimiter|property|Invalid|Extra data|utf-8-sig|codec|sys\.")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_wrong_is_said_in_words(text: str) -> None:
    """Each error of the json module has a sentence of ours, and none is left without one."""
    said = ""
    for content in (text, text.encode()):
        try:
            read_json(content, place="here")
        except ManifestUnreadable as refusal:
            said += str(refusal)
    assert not LIBRARY_TEXT.search(said)
    assert "from here on" not in said


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_canonical_text_reads_back(value: object) -> None:
    """The canonical text of a value is read back as the same value."""
    assert read_json(write_json(value), place="here") == value
