"""A user is told in words what is wrong with a manifest or a request: no text of a library."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from release_core.domain.declarations import Declaration, SourceAction
from release_core.errors import ManifestInvalid, Rejection
from release_core.manifest.checks import check_manifest, examine
from release_core.manifest.model import Manifest
from release_core.manifest.nearest import NearestName
from release_core.manifest.requests import read_request
from release_core.manifest.words import EXPECTED, SENTENCES
from release_core.problems import MAX_REPORTED

# The errors of each kind of schema that the model uses, and of each limit. A kind or a limit that
# is new in the model needs a line here, and a sentence. Source: pydantic, "Validation Errors".
ERRORS: dict[str, set[str]] = {
    "bool": {"bool_type"},
    "datetime": {"datetime_type"},
    "default": set(),
    "dict": {"dict_type"},
    "function-after": {"value_error"},
    "function-before": {"value_error"},
    "int": {"int_type"},
    "literal": {"literal_error", "string_unicode"},
    "model": {"model_type"},
    "model-fields": {"model_type", "missing", "extra_forbidden", "string_unicode"},
    "nullable": set(),
    "str": {"string_type", "string_unicode"},
    "tuple": {"tuple_type"},
}
ERROR_OF_LIMIT = {
    ("dict", "max_length"): "too_long",
    ("int", "ge"): "greater_than_equal",
    ("int", "le"): "less_than_equal",
    ("str", "max_length"): "string_too_long",
    ("str", "min_length"): "string_too_short",
    ("str", "pattern"): "string_pattern_mismatch",
    ("tuple", "max_length"): "too_long",
    ("tuple", "min_length"): "too_short",
}
NO_LIMITS = {"type", "ref", "metadata", "strict", "variadic_item_index", "microseconds_precision"}
SIMPLE = {"bool", "datetime", "dict", "int", "str", "tuple"}

Node = dict[str, Any]


def nodes() -> list[tuple[str, Node]]:
    """Every part of the model's schema, with the place of a manifest that it checks."""
    schema: Any = Manifest.__pydantic_core_schema__
    definitions = {each["ref"]: each for each in schema["definitions"]}
    return list(_nodes(schema["schema"], "", definitions))


def _nodes(node: Node, place: str, definitions: dict[str, Node]) -> Iterator[tuple[str, Node]]:
    if node["type"] == "definition-ref":
        node = definitions[node["schema_ref"]]
    yield place, node
    children = [(place, node["schema"])] if "schema" in node else []
    match node["type"]:
        case "model-fields":
            fields = node["fields"].values()
            prefix = f"{place}." if place else ""
            children = [(prefix + each["validation_alias"], each["schema"]) for each in fields]
        case "tuple":
            children = [(f"{place}[]", each) for each in node["items_schema"]]
        case "dict":
            names = (f"the name in {place}", node["keys_schema"])
            children = [names, (f"{place}.*", node["values_schema"])]
    for at, child in children:
        yield from _nodes(child, at, definitions)


def _errors(node: Node) -> set[str]:
    kind = node["type"]
    if kind not in SIMPLE:
        return ERRORS[kind]
    limits = {key for key in node if key not in NO_LIMITS and not key.endswith("_schema")}
    return ERRORS[kind] | {ERROR_OF_LIMIT[kind, limit] for limit in limits}


def test_every_error_of_the_model_has_a_sentence() -> None:
    """The errors that the model's schema can raise are those of the table, and no others."""
    assert set().union(*(_errors(node) for _, node in nodes())) == SENTENCES.keys()


def test_every_place_has_its_expectation() -> None:
    """What is expected is told of every place of a manifest, with the limits of the model."""
    assert {place for place, _ in nodes()} == EXPECTED.keys()
    for place, node in nodes():
        if node["type"] == "int":
            assert EXPECTED[place] == f"a whole number from {node['ge']} to {node['le']:,}"
        if node["type"] == "literal":
            *others, last = node["expected"]
            assert EXPECTED[place] == f"{', '.join(others)} or {last}"
        if "pattern" in node and "[^" not in node["pattern"]:
            assert f"1 to {node['max_length']} characters" in EXPECTED[place]


LIBRARY_TEXT = re.compile(
    r"\^\[|\]\*?\+?\$|isoformat|pydantic|[Ii]nput should|[Vv]alue error|[Vv]alid (string|int|dict)"
    r"|\b(str|int|dict|tuple|bool|float|datetime|dictionary|instance|NoneType|None|True|False"
    r"|ExactNumber|ManifestPipeline|SourceRevision|Declaration)\b"
)
KEYS = [
    *(str(each.alias) for each in Manifest.model_fields.values()),
    *("name", "dependsOn", "timeoutMinutes", "retries", "variables", "sourceRevisions"),
    *("actionName", "revisionType", "revisionValue", "STAGE"),
    *("manifest", "retry", "rollBack", "requestedBy", "apiRequestId"),
    *("depends_on", "releaseid", "retyr", "[key]", "\ud800", "{expected}", "x\n"),
]
TEXTS = st.sampled_from(["orders", "Order", "halt", "stopp", "COMMIT_ID", "Fetch", "2026-11-22"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aZ09 .:-@/\n\u2028\u00e9\ud800'`{}", max_size=4)
    | st.sampled_from(["", "x" * 129, "9" * 2000])
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
        | st.fixed_dictionaries({"pipelines": st.lists(inner, max_size=3), "releaseId": inner})
    ),
    max_leaves=25,
)
DECLARED = {
    "orders": Declaration(
        name="orders",
        type="V2",
        mode="SUPERSEDED",
        variables={"STAGE": None},
        sources=(SourceAction(name="Fetch", provider="S3"),),
    )
}


@given(VALUES)
def test_no_text_of_a_library_reaches_a_user(document: object) -> None:
    """Whatever JSON a user submits, each error is one of the table, and told in our words."""
    assert _kinds(document) <= SENTENCES.keys()
    told = [each.says for each in examine(document, declared=DECLARED)[1]]
    try:
        request = read_request(json.dumps(document))
        check_manifest(getattr(request, "document", {}), declared=DECLARED)
    except Rejection as rejection:
        told.append(str(rejection))
    for text in told:
        assert not LIBRARY_TEXT.search(text), text


def _kinds(document: object) -> set[str]:
    """The errors that pydantic finds in a document, by pydantic's name."""
    try:
        Manifest.model_validate(document)
    except ValidationError as error:
        return {each["type"] for each in error.errors()}
    return set()


def problems(document: object) -> list[str]:
    """What is told of a document that is no manifest."""
    return [str(each) for each in examine(document, declared=None)[1]]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"releaseId": []}, "releaseId: must be a number or a string of 1 to 100 characters, "),
        ({"releaseId": "x" * 101}, "releaseId: must have at most 100 characters"),
        ({"pipelines": {}}, "pipelines: must be a list of pipelines"),
        ({"pipelines": [5]}, "pipelines[0]: must be the name of a pipeline, or an object with a `"),
        ({"pipelines": ["a b"]}, "pipelines[0].name: must be the name of a pipeline: 1 to 100 cha"),
        ({"onFailure": "explode"}, "onFailure: must be halt, continue, stop or rollback"),
        (
            {"onFailure": "Stopp"},
            "onFailure: must be halt, continue, stop or rollback; did you mea",
        ),
        ({"stopMode": "ABANDON"}, "stopMode: must be graceful or abandon; did you mean `abandon`?"),
        ({"maxConcurrency": 0}, "maxConcurrency: must be a whole number from 1 to 1,000"),
        ({"maxConcurrency": "5"}, "maxConcurrency: must be a whole number from 1 to 1,000"),
        ({"deadline": "now"}, "deadline: must be a time with its zone, such as 2026-11-22T18:00:0"),
        ({"dryRun": "true"}, "dryRun: must be true or false"),
        ({"resume": "\ud800", "onBusy": "\ud800"}, "onBusy: contains an incomplete character"),
        ({"$schema": 5}, "$schema: must be a string"),
        ({"maxconcurrency": 5}, "maxconcurrency: unknown key; did you mean `maxConcurrency`?"),
        ({"release_id": "r"}, "release_id: unknown key; did you mean `releaseId`?"),
        ({"colour": "red"}, "colour: unknown key; the keys here are $schema, releaseId, pipelines"),
        ({"rollback": "r"}, "rollback: unknown key; did you mean `rollbackOf`?"),
    ],
)
def test_keys_of_the_release(keys: dict[str, object], told: str) -> None:
    """Each wrong value is told with what is expected, each wrong key with the nearest key."""
    found = problems({"releaseId": "r", "pipelines": ["orders"], **keys})
    assert any(each.startswith(told) for each in found), found


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"dependson": []}, "dependson: unknown key; did you mean `dependsOn`?"),
        ({"timeout": 5}, "timeout: unknown key; did you mean `timeoutMinutes`?"),
        ({"dependsOn": "a"}, "dependsOn: must be a list of names of pipelines"),
        (
            {"dependsOn": ["Catalog"]},
            (
                "dependsOn[0]: 'Catalog' is not a pipeline or approval of this release; did you "
                "mean `catalog`?"
            ),
        ),
        (
            {"dependsOn": ["order"]},
            (
                "dependsOn[0]: 'order' is not a pipeline or approval of this release; add it, or "
                "remove it here"
            ),
        ),
        ({"retries": 1.5}, "retries: must be a whole number from 0 to 10"),
        ({"retries": 11}, "retries: must be a whole number from 0 to 10"),
        ({"timeoutMinutes": True}, "timeoutMinutes: must be a whole number from 1 to 525,600"),
        ({"variables": []}, "variables: must be an object with a string for each variable"),
        ({"variables": {"": "x"}}, "variables.: the name must not be empty"),
        (
            {"variables": {"A B": "x"}},
            "variables.A B: the name must be 1 to 128 characters, each a",
        ),
        ({"variables": {"[key]": 5}}, "variables.[key]: must be a string without line breaks"),
        ({"variables": {"A": "x" * 1001}}, "variables.A: must have at most 1,000 characters"),
        ({"variables": {f"V{n}": "x" for n in range(51)}}, "variables: must have at most 50 entri"),
        ({"sourceRevisions": {}}, "sourceRevisions: must be a list of source revisions"),
        ({"sourceRevisions": ["v"]}, "sourceRevisions[0]: must be an object with `actionName`, `r"),
        ({"sourceRevisions": [{"action": "A"}]}, "sourceRevisions[0].action: unknown key; did you"),
        ({"sourceRevisions": [{}]}, "sourceRevisions[0].actionName: is required"),
        (
            {"sourceRevisions": [{"revisionType": "commit-id"}]},
            (
                "sourceRevisions[0].revisionType: must be COMMIT_ID, IMAGE_DIGEST, "
                "S3_OBJECT_VERSION_ID or S3_OBJECT_KEY; did you mean `COMMIT_ID`?"
            ),
        ),
    ],
)
def test_keys_of_a_pipeline(keys: dict[str, object], told: str) -> None:
    """The same holds for the keys of a pipeline, its variables and its source revisions."""
    found = problems({"releaseId": "r", "pipelines": ["catalog", {"name": "orders", **keys}]})
    assert any(each.startswith(f"pipelines[1].{told}") for each in found), found


@pytest.mark.parametrize("document", [[], "text", None, 5, True])
def test_a_document_that_is_not_an_object(document: object) -> None:
    """The whole document has a name in its messages."""
    assert problems(document) == [
        "manifest: must be a JSON object with `releaseId` and `pipelines`"
    ]


@pytest.mark.parametrize(
    ("request_key", "nearest"),
    [("Manifest", "manifest"), ("rollback", "rollBack"), ("retyr", "retry")],
)
def test_a_request_with_a_misspelt_key(request_key: str, nearest: str) -> None:
    """A document without pipelines may be meant as a request."""
    request = read_request(json.dumps({request_key: "x"}))
    assert f"{request_key}: unknown key; did you mean `{nearest}`?" in problems(
        getattr(request, "document", None)
    )


@pytest.mark.parametrize(
    ("request_text", "told"),
    [
        ('{"retry": "r", "onbusy": "wait"}', "onbusy: unknown key; did you mean `onBusy`?"),
        ('{"retry": "r", "x": 1}', "x: unknown key; the keys here are deadline, holdLocks, no"),
        ('{"retry": 5.1}', "retry: must be the id of a release: a string of 1 to 100 characters, "),
        ('{"rollBack": "r", "releaseID": "q"}', "releaseID: unknown key; did you mean `releaseId`"),
        ('{"rollBack": "r"}', "releaseId: must be the id of a release: a string of 1 to 100 chara"),
        ('{"manifest": {}, "requestedby": "me"}', "requestedby: unknown key; did you mean `reques"),
        ('{"manifest": {}, "requestedBy": []}', "requestedBy: must be a string of at most 1,000 b"),
    ],
)
def test_keys_of_a_request(request_text: str, told: str) -> None:
    """Wrong keys and values around a manifest, of a retry and of a rollback."""
    with pytest.raises(ManifestInvalid) as refused:
        read_request(request_text)
    assert any(line.startswith(f"- {told}") for line in str(refused.value).splitlines())


def test_the_case_of_letters_is_no_difference() -> None:
    """A name that differs in case only is the nearest, however many similar names there are."""
    similar = ["shop-132", "shop-213", "shop-231", "shop-312", "shop-321", "shop-123"]
    assert NearestName(similar)("Shop-123") == "shop-123"
    assert NearestName(similar)("mail") is None


def test_long_texts_are_not_compared() -> None:
    """No name is as long, and a comparison would take minutes."""
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 500))) * 100
    assert NearestName([letters])(letters[1:]) is None
    assert NearestName(["orders"])(letters) is None


def test_suggestions_are_bounded() -> None:
    """A manifest with thousands of wrong names is checked in time: each suggestion takes some."""
    names = [f"p{number}" for number in range(999)]
    first = {"name": "first", "dependsOn": [f"P-{name}" for name in names]}
    found = problems({"releaseId": "r", "pipelines": [first, *names]})
    assert len(found) == len(names)
    suggested = [each for each in found if "did you mean" in each]
    assert suggested == found[:MAX_REPORTED]
