"""An object's key in an EventBridge event is the key itself."""

import json

import pytest

from localstack_fixes.event_keys import with_plain_key


@pytest.mark.parametrize(
    ("written", "key"),
    [("a/b.json", "a/b.json"), ("gr%C3%BCn%20%2B%20100%25.json", "grün + 100%.json")],
)
def test_a_key_is_not_spelt_as_in_a_url(written: str, key: str) -> None:
    """Only the key changes; size, version and all else of the entry stay."""
    detail = {"bucket": {"name": "b"}, "object": {"key": written, "size": 3}}
    entry = {"Source": "aws.s3", "Detail": json.dumps(detail)}
    changed = with_plain_key(entry)
    assert changed["Source"] == "aws.s3"
    assert json.loads(changed["Detail"]) == {
        "bucket": {"name": "b"},
        "object": {"key": key, "size": 3},
    }
