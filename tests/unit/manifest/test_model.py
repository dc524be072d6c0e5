"""A manifest is accepted in every allowed form, and all its problems are reported at once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain.declarations import Declaration
from release_core.errors import ManifestInvalid
from release_core.manifest.checks import check_manifest, examine, named_pipelines
from release_core.manifest.model import Manifest
from release_core.problems import MAX_REPORTED
from release_core.strict_json import read_json

KNOWN = {
    name: Declaration(name=name, type="V2", mode="SUPERSEDED")
    for name in ("catalog", "orders", "payments")
}


def check(document: object) -> Manifest:
    """The manifest in a document, for an account with the KNOWN pipelines."""
    return check_manifest(document, declared=KNOWN)


def problems(document: object) -> list[str]:
    """The lines of the rejection of a document, without their dashes."""
    with pytest.raises(ManifestInvalid) as caught:
        check(document)
    return [line.removeprefix("- ") for line in str(caught.value).splitlines()[1:]]


@pytest.mark.parametrize(
    ("written", "release_id"),
    [("5.1", "5.1"), ("5.10", "5.10"), ("5.15", "5.15"), ("7", "7"), ('"2026.11.22-1"', None)],
)
def test_a_numeric_release_id_keeps_its_spelling(written: str, release_id: str | None) -> None:
    """A numeric releaseId becomes the text that was written, so 5.1 and 5.10 differ."""
    document = read_json(f'{{"releaseId": {written}, "pipelines": ["orders"]}}', place="here")
    assert check(document).release_id == (release_id or json.loads(written))


def test_a_name_and_an_object_with_only_a_name_mean_the_same() -> None:
    """Two forms of the same manifest have the same hash."""
    short = check({"releaseId": "r", "pipelines": ["orders"]})
    long = check({"pipelines": [{"name": "orders"}], "releaseId": "r"})
    other = check({"releaseId": "r", "pipelines": ["payments"]})
    assert short.sha256 == long.sha256
    assert short.sha256 != other.sha256


def test_the_order_of_pipelines_is_part_of_the_manifest() -> None:
    """The same pipelines in another order have another hash."""
    one = check({"releaseId": "r", "pipelines": ["orders", "catalog"]})
    two = check({"releaseId": "r", "pipelines": ["catalog", "orders"]})
    assert one.names == ("orders", "catalog")
    assert one.sha256 != two.sha256


def test_a_bad_entry_does_not_make_the_list_look_empty() -> None:
    """A list with only invalid entries is not reported as empty; an empty list is."""
    bad = problems({"releaseId": "r", "pipelines": [{"name": "or ders"}, 5]})
    assert not [line for line in bad if line.startswith("pipelines:")]
    assert problems({"releaseId": "r", "pipelines": []}) == ["pipelines: must not be empty"]


def test_all_problems_are_reported_at_once_each_with_its_path() -> None:
    """One rejection lists all problems, each with its path."""
    found = problems(
        {
            "releaseId": "",
            "pipelines": [
                "catalog",
                {"name": "catalog"},
                {"name": "nowhere", "variables": {"E N V": "prod"}},
                {"nme": "orders"},
                17,
                "line\nbreak",
            ],
            "onFailure": "explode",
            "color": "red",
        }
    )
    text = "\n".join(found)
    for expected in [
        "releaseId: ",
        "pipelines[1]: 'catalog' is listed more than once",
        "pipelines[2]: there is no pipeline 'nowhere' in this account and Region",
        "pipelines[2].variables.E N V: the name must be 1 to 128 characters, each a letter",
        "pipelines[3].name: is required",
        "pipelines[3].nme: unknown key; did you mean `name`?",
        "pipelines[4]: must be the name of a pipeline, or an object with a `name`",
        "pipelines[5].name: ",
        "onFailure: must be halt, continue, stop or rollback",
        "color: unknown key; the keys here are $schema, releaseId, pipelines",
    ]:
        assert expected in text


def test_a_rollback_is_neither_rolled_back_nor_of_itself() -> None:
    """A rollback must name another release, and cannot have onFailure rollback."""
    document = {"releaseId": "r", "pipelines": ["catalog"], "rollbackOf": "r"}
    assert problems(document | {"onFailure": "rollback"}) == [
        "rollbackOf: a release cannot roll itself back",
        "onFailure: a rollback cannot be rolled back; use halt, continue or stop",
    ]
    assert check(document | {"rollbackOf": "q", "onFailure": "stop"}).rollback_of == "q"


def test_a_rollback_of_itself_is_seen_however_the_id_is_written() -> None:
    """A number and the text with the same spelling are the same id."""
    text = '{"releaseId": "5.10", "pipelines": ["orders"], "rollbackOf": 5.10}'
    assert problems(read_json(text, place="here")) == [
        "rollbackOf: a release cannot roll itself back"
    ]


def test_a_document_can_be_checked_without_an_account() -> None:
    """Without declarations, the check does not ask whether pipelines exist."""
    manifest, found = examine({"releaseId": "r", "pipelines": ["nowhere"]}, declared=None)
    assert manifest
    assert not found
    manifest, (problem,) = examine({"releaseId": "r", "pipelines": ["a", {}]}, declared=None)
    assert manifest is None
    assert problem.place == ("pipelines", 1, "name")


def test_only_valid_names_are_looked_up() -> None:
    """Each valid name is looked up once; invalid names are not looked up."""
    entries = ["orders", {"name": "catalog"}, "orders", "or ders", "x" * 101, "a\n", 5, {"name": 5}]
    assert named_pipelines({"pipelines": entries}) == ["orders", "catalog"]
    assert named_pipelines("text") == []


def test_a_circle_is_rejected_with_its_pipelines() -> None:
    """Unknown names, repetitions, self-dependencies and circles are all reported."""
    found = problems(
        {
            "releaseId": "r",
            "pipelines": [
                {"name": "catalog", "dependsOn": ["orders", "orders", "nowhere"]},
                {"name": "orders", "dependsOn": ["payments", "orders"]},
                {"name": "payments", "dependsOn": ["catalog"]},
            ],
        }
    )
    assert found[:3] == [
        (
            "pipelines[0].dependsOn[2]: 'nowhere' is not a pipeline or approval of this release; "
            "add it, or remove it here"
        ),
        "pipelines[0].dependsOn: 'orders' is listed more than once",
        "pipelines[1].dependsOn: 'orders' depends on itself",
    ]
    path = found[3].removeprefix("pipelines: dependencies form a cycle, remove one of them: ")
    names = path.split(" -> ")
    assert names[0] == names[-1]
    assert set(names) == {"catalog", "orders", "payments"}


@pytest.mark.parametrize(
    ("deadline", "says"),
    [
        ("soon", "must be a time with its zone, such as 2026-11-22T18:00:00Z"),
        ("2026-11-22T18:00:00", "must have a time zone, such as the Z in 2026-11-22T18:00:00Z"),
        ("9999-12-31T23:59:59-01:00", "must be in the years 1 to 9999 in UTC"),
        ("0001-01-01T00:00:00+05:00", "must be in the years 1 to 9999 in UTC"),
        (5, "must be a time with its zone, such as 2026-11-22T18:00:00Z"),
    ],
)
def test_an_invalid_deadline_is_rejected(deadline: object, says: str) -> None:
    """A deadline must be an ISO 8601 time with a time zone."""
    assert problems({"releaseId": "r", "pipelines": ["orders"], "deadline": deadline}) == [
        f"deadline: {says}"
    ]


def test_variables_and_revisions_have_a_limit() -> None:
    """Variables and revisions of one pipeline may have 64,000 bytes together."""
    pins = [
        {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": "\u8a9e" * 300}
    ] * 10
    variables = {f"V{number}": "\u8a9e" * 1000 for number in range(20)}
    for fits in ({"variables": variables}, {"sourceRevisions": pins}):
        manifest, _ = examine(_with_orders(fits), declared=None)
        assert manifest
    too_large = _with_orders({"variables": variables, "sourceRevisions": pins})
    manifest, (problem,) = examine(too_large, declared=None)
    assert manifest is None
    assert str(problem) == (
        "pipelines[1]: variables and source revisions have 69,804 bytes together; at most 64,000 "
        "are allowed"
    )


def test_the_largest_ascii_variables_fit() -> None:
    """As many and as long ASCII variables as CodePipeline allows fit into the limit."""
    variables = {f"{number:03}".ljust(128, "V"): "x" * 1000 for number in range(50)}
    entry = {"name": "orders", "variables": variables}
    manifest, found = examine({"releaseId": "r", "pipelines": [entry]}, declared=None)
    assert manifest
    assert not found


def _with_orders(more: dict[str, Any]) -> dict[str, Any]:
    return {"releaseId": "r", "pipelines": ["catalog", {"name": "orders", **more}]}


def test_start_options_do_not_change_the_hash() -> None:
    """A manifest with another deadline, resume, onBusy or dryRun has the same hash."""
    plain = {"releaseId": "r", "pipelines": ["orders"]}
    more = {
        "$schema": "release-manifest.schema.json",
        "deadline": "2026-11-22T18:00:00Z",
        "resume": True,
        "onBusy": "wait",
        "dryRun": True,
    }
    assert check(plain).sha256 == check(plain | more).sha256
    assert check(plain).sha256 != check(plain | {"onFailure": "stop"}).sha256
    assert json.loads(check(plain | more).canonical).keys() == {
        *plain,
        "deadline",
        "onBusy",
    }


@pytest.mark.parametrize(
    "document",
    [{}, [], None, True, "text", 5, {"pipelines": []}, {"releaseId": "r", "pipelines": []}],
)
def test_a_document_that_is_no_manifest_is_rejected(document: object) -> None:
    """Any other JSON value is rejected with a reason."""
    assert problems(document)


@pytest.mark.parametrize(
    "release_id", [True, None, [], {}, "a b", "a/b", "arn:x", ".hidden", "-1", -1, "x" * 101, "é"]
)
def test_an_invalid_release_id_is_rejected(release_id: object) -> None:
    """Release ids must be short and printable, without separators."""
    found = problems({"releaseId": release_id, "pipelines": ["orders"]})
    assert [line.partition(":")[0] for line in found] == ["releaseId"]


def test_many_problems_are_counted_and_cut() -> None:
    """A rejection lists a limited number of problems and counts the others."""
    found = problems({"releaseId": "r", "pipelines": [f"p{index}" for index in range(900)]})
    assert len(found) == MAX_REPORTED + 1
    assert found[-1] == f"and {900 - MAX_REPORTED} more"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["releaseId", "pipelines", "name", "x\n"]), inner)
    ),
)


@given(_VALUES)
def test_any_document_is_accepted_or_rejected(document: object) -> None:
    """Every JSON value is accepted, or rejected with one line for each problem."""
    said = ["accepted", "- nothing"]
    try:
        check(document)
    except ManifestInvalid as refusal:
        said = str(refusal).splitlines()
    assert len(said) > 1
    assert all(line.startswith("- ") for line in said[1:])
    assert len("\n".join(said)) < 32_768
