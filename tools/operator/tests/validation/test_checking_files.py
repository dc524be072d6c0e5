"""Manifests checked locally, with line and column of each problem."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.problems import Place
from release_machine.text.printable import in_one_line
from release_machine.validation.checking_files import check_content
from release_machine.validation.json_places import JsonPlaces, Position

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
MANIFEST = """\
{
  "releaseId": 5.10,
  "pipelines": [
    "catalog",
    {"name": "orders", "dependsOn": ["catalog"]}
  ]
}
"""


def lines(text: str | bytes) -> list[str]:
    """The result for a text, as lines."""
    content = text.encode() if isinstance(text, str) else text
    return check_content("m.json", content, now=NOW).lines()


def test_a_valid_manifest() -> None:
    """A valid manifest is named with its release, whose number keeps its spelling."""
    assert lines(MANIFEST) == ["m.json: valid, release 5.10, 2 pipelines"]
    assert lines('\ufeff{"releaseId": "a", "pipelines": ["b"]}') == [
        "m.json: valid, release a, 1 pipeline"
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '["catalog"]',
            '["search"]',
            "5:38: pipelines[1].dependsOn[0]: 'search' is not a pipeline",
        ),
        ('["catalog"]', '["orders"]', "5:24: pipelines[1].dependsOn: 'orders' depends on itself"),
        ('"name": "orders"', '"nmae": "orders"', "5:6: pipelines[1].nmae: unknown key; did you"),
        ('"name": "orders"', '"name": "catalog"', "5:5: pipelines[1]: 'catalog' is listed more"),
        ("5.10", "null", "2:3: releaseId: "),
        ('"releaseId": 5.10,', "", "1:1: releaseId: is required"),
        ("5.10,", '5.10, "deadline": "2026-11-22T09:00:00Z",', "2:22: deadline: 2026-11-22T09:00"),
        ("5.10,", "5.10", "3:3: not JSON: expected `,` or the end"),
        ("5.10,", '5.10, "releaseId": 5.11,', "2:22: releaseId: repeated key; keep one of them"),
        ("5.10", "NaN", "2:16: releaseId: NaN is not a JSON number"),
        ('"catalog",', '"a", -Infinity,', "4:10: pipelines[1]: -Infinity is not a JSON number"),
        ("5.10", "1" * 5000, "2:16: releaseId: a whole number has at most 4,300 digits"),
    ],
)
def test_problems_have_a_position(old: str, new: str, problem: str) -> None:
    """A problem is reported at the key or the value in question."""
    assert old in MANIFEST
    told = lines(MANIFEST.replace(old, new, 1))
    assert any(line.startswith(f"m.json:{problem}") for line in told), told


def test_all_problems_in_order() -> None:
    """Every problem of a file is reported, from top to bottom."""
    text = (
        MANIFEST.replace("5.10", "[]")
        .replace('"catalog"', '"cat alog"')
        .replace("]}", '], "x": 1}')
    )
    places = [line.split(":")[1] for line in lines(text)]
    assert places == ["2", "4", "5", "5"]


def test_text_that_is_not_utf8() -> None:
    """An invalid byte is reported at its position."""
    (line,) = lines(b'{\n  "releaseId": "\xff"}')
    assert line.startswith("m.json:2:17: ")
    assert "UTF-8" in line


def test_columns_count_characters() -> None:
    """A column counts characters, not bytes, without a byte order mark."""
    (line,) = lines(b'\xef\xbb\xbf"\xc3\xa9\xff"')
    assert line.startswith("m.json:1:3: ")


def test_repeated_keys_and_invalid_numbers() -> None:
    """All of them are reported, from top to bottom."""
    told = lines('{"a": NaN,\n "a": 1,\n "b": [Infinity, {"c": 1, "c": 2}]}')
    assert [line.split(": ")[0] for line in told] == [
        "m.json:1:7",
        "m.json:2:2",
        "m.json:3:8",
        "m.json:3:27",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"releaseId":"a","releaseId":"b"}}', "1:34: not JSON: there is more text after the end"),
        ('[{"a":1,"a":2}, "x', "1:17: not JSON: this string has no closing quote"),
        ("[NaN,\n]", "1:5: not JSON: remove the `,` before the `]`"),
        ('[{"a":1,"a":2},' + "[" * 200_000, "1:1: it is nested too deeply for a manifest"),
    ],
)
def test_syntax_errors_come_first(text: str, told: str) -> None:
    """A text that is not JSON is reported as that, whatever else is wrong."""
    (line,) = lines(text)
    assert line.startswith(f"m.json:{told}")


PIECES = [*"{}[],:1 \n\\", '"', '"a"', "NaN", "-Infinity", "true"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=25).map("".join))
def test_any_text(text: str) -> None:
    """The problems of any text have positions inside the text."""
    content = text.encode(errors="surrogatepass")
    checked = check_content("m.json", content, now=NOW)
    assert checked.findings
    rows = content.decode("utf-8-sig", errors="replace").split("\n")
    for each in checked.findings:
        assert 1 <= each.position.column <= len(rows[each.position.line - 1]) + 1


@given(st.binary(max_size=30))
def test_any_bytes(content: bytes) -> None:
    """The problems of any bytes are printable."""
    for line in check_content("m.json", content, now=NOW).lines():
        assert in_one_line(line) == line


def test_the_report_for_programs() -> None:
    """Programs get the same as one object per file."""
    content = MANIFEST.replace("catalog", "cat alog", 1).encode()
    document = check_content("-", content, now=NOW).report()
    assert (document["file"], document["valid"], document["releaseId"]) == ("stdin", False, None)
    first = document["problems"][0]
    assert (first["line"], first["column"], first["path"]) == (4, 5, "pipelines[0].name")
    assert check_content("-", MANIFEST.encode(), now=NOW).report()["pipelines"] == [
        "catalog",
        "orders",
    ]


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_value_is_found(value: object, indent: int | str | None, ascii_only: bool) -> None:
    """In any layout each place leads to the position of its value or key."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    places = JsonPlaces(text)
    assert not list(places.unusable)
    for place, wanted in _walk((), value):
        at = places.find(place)
        found, _ = json.JSONDecoder().raw_decode(text, _offset(text, at))
        assert found == (place[-1] if place and isinstance(place[-1], str) else wanted)


def _walk(place: Place, value: object) -> list[tuple[Place, object]]:
    found: list[tuple[Place, object]] = [(place, value)]
    if isinstance(value, list):
        for index, each in enumerate(value):
            found += _walk((*place, index), each)
    elif isinstance(value, dict):
        for key, each in value.items():
            found += _walk((*place, key), each)
    return found


def _offset(text: str, at: Position) -> int:
    before = text.split("\n")[: at.line - 1]
    return sum(len(line) + 1 for line in before) + at.column - 1
