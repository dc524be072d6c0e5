"""What a manifest says about its release: a title, notes, and whether it is a hotfix."""

from typing import Any

import pytest

from release_core.errors import ManifestInvalid
from release_core.manifest.checks import check_manifest
from tests.unit.manifest.test_credentials import KEY_ID, SECRET

HIDDEN = "safe\u202egnp.exe"


def manifest(**keys: Any) -> dict[str, Any]:
    """A manifest with these keys."""
    return {"releaseId": "r", "pipelines": ["orders"], **keys}


def problems(**keys: Any) -> list[str]:
    """The lines of the rejection of a manifest with these keys."""
    with pytest.raises(ManifestInvalid) as caught:
        check_manifest(manifest(**keys), declared=None)
    return [line.removeprefix("- ") for line in str(caught.value).splitlines()[1:]]


def test_it_is_part_of_the_manifest_and_not_of_its_identity() -> None:
    """A manifest with another title ships the same, so it is the same release."""
    said = {"title": "Prices: 5 \u20ac \U0001f680", "notes": "One.\n\nTwo.", "kind": "hotfix"}
    told = check_manifest(manifest(**said), declared=None)
    plain = check_manifest(manifest(), declared=None)
    assert (told.title, told.notes, told.kind) == tuple(said.values())
    assert (plain.title, plain.notes, plain.kind) == (None, None, "standard")
    assert told.sha256 == plain.sha256
    assert told.canonical != plain.canonical


@pytest.mark.parametrize("title", ["x", "x" * 100, " a b ", "\u0645\u0631\u062d\u0628\u0627", "-"])
def test_a_title_is_a_line(title: str) -> None:
    """Of any script, from one character to a hundred."""
    assert check_manifest(manifest(title=title), declared=None).title == title


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"title": ""}, "title: must not be empty"),
        ({"title": "x" * 101}, "title: must have at most 100 characters"),
        ({"title": "   "}, "title: must be a text in one line, without control characters"),
        ({"title": "a\nb"}, "title: must be a text in one line, without control characters"),
        ({"title": "a\u2028b"}, "title: must be a text in one line, without control characters"),
        ({"title": "a\x1b[31m"}, "title: must be a text in one line, without control characters"),
        ({"title": HIDDEN}, "title: must be a text in one line, without control characters"),
        ({"title": 5}, "title: must be a text in one line, without control characters"),
        ({"notes": ""}, "notes: must not be empty"),
        ({"notes": "x" * 2001}, "notes: must have at most 2,000 characters"),
        (
            {"notes": "a\x00"},
            "notes: must be a text without control characters, in one line or more",
        ),
        (
            {"notes": HIDDEN},
            "notes: must be a text without control characters, in one line or more",
        ),
        ({"kind": "urgent"}, "kind: must be standard or hotfix"),
        ({"kind": "hotfx"}, "kind: must be standard or hotfix; did you mean `hotfix`?"),
        (
            {"kind": "hotfix", "rollbackOf": "q"},
            "kind: a rollback is not a hotfix: it ships nothing new; remove it",
        ),
    ],
)
def test_a_user_is_told_what_is_wrong(keys: dict[str, Any], problem: str) -> None:
    """In words, at its place."""
    assert problems(**keys) == [problem]


@pytest.mark.parametrize("key", ["title", "notes"])
@pytest.mark.parametrize("more", [{}, {"rollbackOf": "q"}, {"resume": True}])
def test_a_text_that_looks_like_a_key_is_refused(key: str, more: dict[str, Any]) -> None:
    """Everyone sees it, so it is refused, and never repeated."""
    (problem,) = problems(**{key: f"with {KEY_ID}"}, **more)
    assert problem.startswith(f"{key}: looks like an AWS access key; everyone who may read")
    assert KEY_ID not in problem
    (problem,) = problems(**{key: f"secret key {SECRET}"}, **more)
    assert problem.startswith(f"{key}: looks like an AWS secret access key")
    assert SECRET not in problem
