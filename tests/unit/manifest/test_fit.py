"""A manifest must fit what its pipelines declare."""

from collections.abc import Mapping
from typing import Any

import pytest

from release_core.domain.declarations import (
    Declaration,
    Declared,
    NotAllowed,
    NotFound,
    NotMatched,
    SourceAction,
)
from release_core.manifest.checks import examine

S3 = SourceAction(name="Fetch", provider="S3", configuration={"S3ObjectKey": "app.zip"})
ANY_KEY = SourceAction(
    name="Any", provider="S3", configuration={"AllowOverrideForS3ObjectKey": "True"}
)
GIT = SourceAction(name="Code", provider="CodeStarSourceConnection")
IMAGE = SourceAction(name="Image", provider="ECR")
OWN = SourceAction(name="Own", provider="Somewhere")


def declared(
    *,
    kind: str = "V2",
    variables: Mapping[str, str | None] | None = None,
    sources: tuple[SourceAction, ...] = (S3, ANY_KEY, GIT, IMAGE, OWN),
) -> Declared:
    """The pipeline ``orders`` with these variables and sources, and two that cannot be read."""
    orders = Declaration(
        name="orders",
        type=kind,
        mode="SUPERSEDED",
        variables={"STAGE": None, "COLOUR": "blue"} if variables is None else variables,
        sources=sources,
    )
    return {
        "orders": orders,
        "secret": NotAllowed(name="secret"),
        "foreign": NotMatched(name="foreign", patterns=("shop-*", "web")),
        "shop-katalog": NotFound(name="shop-katalog", nearest="shop-catalog"),
    }


def problems(pipeline: str | dict[str, Any], account: Declared | None = None) -> list[str]:
    """The problems of a manifest with this one pipeline."""
    document = {"releaseId": "r", "pipelines": [pipeline]}
    return [str(each) for each in examine(document, declared=account or declared())[1]]


def pinned(*pins: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The pipeline ``orders`` with its variable and with pins of these actions and types."""
    revisions = [
        {"actionName": action, "revisionType": kind, "revisionValue": "v"} for action, kind in pins
    ]
    return {"name": "orders", "variables": {"STAGE": "p"}, "sourceRevisions": revisions, **more}


def test_a_fitting_manifest_is_accepted() -> None:
    """Each kind of source accepts its own revision type; an S3 version may come with a key."""
    fitting = [
        ("Fetch", "S3_OBJECT_VERSION_ID"),
        ("Any", "S3_OBJECT_VERSION_ID"),
        ("Any", "S3_OBJECT_KEY"),
        ("Code", "COMMIT_ID"),
        ("Image", "IMAGE_DIGEST"),
        ("Own", "COMMIT_ID"),
    ]
    assert not problems(pinned(*fitting, variables={"STAGE": "p", "COLOUR": "blue"}))


def test_a_pipeline_that_may_not_be_read_names_the_permission() -> None:
    """Whether it exists is not known; the permission that is missing is."""
    # The functions and the command make this check, each with their own credentials.
    assert problems("secret") == [
        (
            "pipelines[0]: pipeline 'secret' cannot be read; the credentials that check the "
            "manifest need codepipeline:GetPipeline on it"
        )
    ]


def test_a_pipeline_that_is_not_driven_names_the_patterns_and_the_setting() -> None:
    """It is the only problem that the pipeline has: its declaration was not read."""
    assert problems(pinned(("Fetch", "COMMIT_ID"), name="foreign")) == [
        (
            "pipelines[0]: pipeline 'foreign' does not match `pipeline_name_patterns` of this "
            "deployment (shop-*, web); change the setting in Terraform, or release it with "
            "another deployment"
        )
    ]


def test_a_pipeline_that_does_not_exist_has_one_problem() -> None:
    """The variables and revisions of a pipeline that does not exist are not checked."""
    assert problems(pinned(("Fetch", "COMMIT_ID"), name="nowhere")) == [
        "pipelines[0]: there is no pipeline 'nowhere' in this account and Region"
    ]


@pytest.mark.parametrize("name", ["order", "Orders", "orders-eu"])
def test_a_pipeline_that_does_not_exist_comes_with_the_nearest_of_the_manifest(name: str) -> None:
    """The functions may not list pipelines, and know only those that a manifest names."""
    document = {"releaseId": "r", "pipelines": [pinned(), name]}
    (problem,) = examine(document, declared=declared())[1]
    assert str(problem) == (
        f"pipelines[1]: there is no pipeline {name!r} in this account and Region; "
        "did you mean `orders`?"
    )


def test_the_nearest_of_all_pipelines_is_named_where_it_is_known() -> None:
    """The command can list the pipelines of the account."""
    assert problems("shop-katalog") == [
        (
            "pipelines[0]: there is no pipeline 'shop-katalog' in this account and Region; "
            "did you mean `shop-catalog`?"
        )
    ]


def test_a_misspelt_name_that_does_not_match_comes_with_the_nearest_name() -> None:
    """A pipeline of another deployment has another remedy than a misspelt name."""
    account = {**declared(), "order": NotMatched(name="order", patterns=("orders",))}
    document = {"releaseId": "r", "pipelines": [pinned(), "order"]}
    (problem,) = examine(document, declared=account)[1]
    assert str(problem) == (
        "pipelines[1]: pipeline 'order' does not match `pipeline_name_patterns` of this deployment "
        "(orders); did you mean `orders`?"
    )


def test_variables_need_a_pipeline_of_type_v2() -> None:
    """Variables for a V1 pipeline are a problem; without variables it is accepted."""
    old = declared(kind="V1", variables={})
    assert problems(pinned(), old) == [
        (
            "pipelines[0].variables: pipeline 'orders' is of type V1; "
            "variables need a pipeline of type V2"
        )
    ]
    assert not problems("orders", old)


def test_source_revisions_need_a_pipeline_of_type_v2() -> None:
    """All source revisions of a V1 pipeline together are one problem."""
    old = declared(kind="V1", variables={})
    given = pinned(("Fetch", "S3_OBJECT_VERSION_ID"), ("Build", "COMMIT_ID"), variables={})
    assert problems(given, old) == [
        (
            "pipelines[0].sourceRevisions: pipeline 'orders' is of type V1; "
            "source revisions need a pipeline of type V2"
        )
    ]
    assert not problems(pinned(variables={}), old)


def test_variables_must_be_declared_by_the_pipeline() -> None:
    """Unknown variables, and missing ones without a default, are problems."""
    missing = "pipelines[0].variables.STAGE: is required: pipeline 'orders' has no default for it"
    assert problems(pinned(variables={"STAEG": "p", "COLOUR": "blue"})) == [
        (
            "pipelines[0].variables.STAEG: pipeline 'orders' declares no such variable; "
            "did you mean `STAGE`?"
        ),
        missing,
    ]
    assert problems(pinned(variables={"STAGE": "p", "REGION": "eu"})) == [
        (
            "pipelines[0].variables.REGION: pipeline 'orders' declares no such variable; "
            "it declares STAGE, COLOUR"
        )
    ]
    assert problems("orders") == [missing]
    assert problems(pinned(), declared(variables={})) == [
        (
            "pipelines[0].variables.STAGE: pipeline 'orders' declares no such variable; "
            "it declares none"
        )
    ]


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        (
            ("Build", "COMMIT_ID"),
            (
                "actionName: pipeline 'orders' has no source action 'Build'; "
                "it has Fetch, Any, Code, Image, Own"
            ),
        ),
        (
            ("fetsch", "COMMIT_ID"),
            "actionName: pipeline 'orders' has no source action 'fetsch'; did you mean `Fetch`?",
        ),
        (
            ("Fetch", "COMMIT_ID"),
            (
                "revisionType: source action 'Fetch' needs S3_OBJECT_VERSION_ID or S3_OBJECT_KEY, "
                "as its provider is S3"
            ),
        ),
        (
            ("Fetch", "S3_OBJECT_KEY"),
            (
                "revisionType: source action 'Fetch' does not allow another key; set "
                "AllowOverrideForS3ObjectKey to true in the pipeline, or give no key"
            ),
        ),
        (
            ("Code", "IMAGE_DIGEST"),
            (
                "revisionType: source action 'Code' needs COMMIT_ID, "
                "as its provider is CodeStarSourceConnection"
            ),
        ),
        (
            ("Image", "COMMIT_ID"),
            "revisionType: source action 'Image' needs IMAGE_DIGEST, as its provider is ECR",
        ),
    ],
)
def test_a_revision_must_fit_its_action(pin: tuple[str, str], problem: str) -> None:
    """The problem names the place and what the action accepts."""
    assert problems(pinned(pin)) == [f"pipelines[0].sourceRevisions[0].{problem}"]


def test_an_action_accepts_one_revision_of_a_type() -> None:
    """A second revision of the same type for the same action is a problem."""
    assert problems(pinned(("Code", "COMMIT_ID"), ("Code", "COMMIT_ID"))) == [
        (
            "pipelines[0].sourceRevisions[1]: source action 'Code' has two revisions of type "
            "COMMIT_ID; keep one"
        )
    ]


def test_a_pipeline_without_sources_accepts_no_revisions() -> None:
    """A revision for a pipeline without source actions is a problem."""
    (problem,) = problems(pinned(("Fetch", "COMMIT_ID")), declared(sources=()))
    assert problem.endswith("it has none")


def test_all_problems_are_reported_together() -> None:
    """Problems of form and problems with the pipeline are reported together."""
    found = problems(
        pinned(
            ("Build", "COMMIT_ID"),
            ("Fetch", "LATEST"),
            variables={"A B": "x", "STAGE": "two\nlines", "COLOUR": ""},
        )
    )
    assert [line.partition(": ")[0] for line in found] == [
        "pipelines[0].variables.A B",
        "pipelines[0].variables.STAGE",
        "pipelines[0].variables.COLOUR",
        "pipelines[0].sourceRevisions[1].revisionType",
        "pipelines[0].variables.A B",
        "pipelines[0].sourceRevisions[0].actionName",
        "pipelines[0].sourceRevisions[1].revisionType",
    ]
    assert found[1].endswith(": must be a string without line breaks")
    assert found[2].endswith(": must not be empty")


@pytest.mark.parametrize(
    "broken",
    [
        {"variables": ["STAGE"]},
        {"variables": None},
        {"sourceRevisions": {"actionName": "Fetch"}},
        {"sourceRevisions": [None, 5, {}, {"actionName": []}, {"actionName": "Fetch"}]},
        {"sourceRevisions": [{"actionName": "Fetch", "revisionType": []}]},
        {"sourceRevisions": [{"actionName": ["Fetch"], "revisionType": "COMMIT_ID"}]},
    ],
)
def test_values_of_the_wrong_type_are_problems(broken: dict[str, object]) -> None:
    """Any other value in place of variables or revisions is a problem and no crash."""
    key = next(iter(broken))
    assert any(f"pipelines[0].{key}" in line for line in problems(pinned() | broken))


def test_the_value_of_a_variable_is_never_repeated() -> None:
    """Values may be secret, so a problem contains only the variable's name."""
    found = problems(pinned(variables={"STAGE": "hunter2\n", "OTHER": "hunter2", "COLOUR": 5}))
    assert len(found) > 2
    assert "hunter2" not in "\n".join(found)
