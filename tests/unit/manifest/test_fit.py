"""What a manifest asks of a pipeline is held against what the pipeline declares."""

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
    """One pipeline, ``orders``; its variables come with their defaults."""
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
    """What is wrong with a manifest of this one pipeline."""
    document = {"releaseId": "r", "pipelines": [pipeline]}
    return [str(each) for each in examine(document, declared=account or declared())[1]]


def pinned(*pins: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The pipeline ``orders`` with all it needs, and revisions of these actions and types."""
    revisions = [
        {"actionName": action, "revisionType": kind, "revisionValue": "v"} for action, kind in pins
    ]
    return {"name": "orders", "variables": {"STAGE": "p"}, "sourceRevisions": revisions, **more}


def test_what_fits_is_accepted() -> None:
    """Each kind of source takes its own type; of one S3 action a key goes with a version."""
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


def test_a_pipeline_that_does_not_match_names_the_patterns_and_the_setting() -> None:
    """It is the only problem that the pipeline has: its declaration was not read."""
    assert problems(pinned(("Fetch", "COMMIT_ID"), name="foreign")) == [
        (
            "pipelines[0]: pipeline 'foreign' does not match `pipeline_name_patterns` of this "
            "deployment (shop-*, web); change the setting in Terraform, or release it with "
            "another deployment"
        )
    ]


def test_a_pipeline_that_does_not_exist_is_the_only_problem_it_has() -> None:
    """Nothing is said about the variables and revisions of a pipeline that is not there."""
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
    """A V1 pipeline is told as such; without variables it is fine."""
    old = declared(kind="V1", variables={})
    assert problems(pinned(), old) == [
        (
            "pipelines[0].variables: pipeline 'orders' is of type V1; "
            "variables need a pipeline of type V2"
        )
    ]
    assert not problems("orders", old)


def test_source_revisions_need_a_pipeline_of_type_v2() -> None:
    """AWS starts no V1 pipeline with them, so each pin of one is one and the same problem."""
    old = declared(kind="V1", variables={})
    given = pinned(("Fetch", "S3_OBJECT_VERSION_ID"), ("Build", "COMMIT_ID"), variables={})
    assert problems(given, old) == [
        (
            "pipelines[0].sourceRevisions: pipeline 'orders' is of type V1; "
            "source revisions need a pipeline of type V2"
        )
    ]
    assert not problems(pinned(variables={}), old)


def test_variables_are_those_that_the_pipeline_declares() -> None:
    """An unknown name comes with the nearest or all, and a missing default is a problem."""
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
    """The refusal says where, and what the action takes."""
    assert problems(pinned(pin)) == [f"pipelines[0].sourceRevisions[0].{problem}"]


def test_one_action_takes_one_revision_of_a_type() -> None:
    """The second one is the problem."""
    assert problems(pinned(("Code", "COMMIT_ID"), ("Code", "COMMIT_ID"))) == [
        (
            "pipelines[0].sourceRevisions[1]: source action 'Code' has two revisions of type "
            "COMMIT_ID; keep one"
        )
    ]


def test_a_pipeline_without_sources_takes_no_revisions() -> None:
    """The list of source actions may be empty."""
    (problem,) = problems(pinned(("Fetch", "COMMIT_ID")), declared(sources=()))
    assert problem.endswith("it has none")


def test_everything_wrong_is_said_at_once() -> None:
    """Problems of form and problems with the pipeline come together."""
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
def test_what_has_no_form_is_a_problem_of_form(broken: dict[str, object]) -> None:
    """Whatever stands in the place of variables and revisions is refused, and nothing breaks."""
    key = next(iter(broken))
    assert any(f"pipelines[0].{key}" in line for line in problems(pinned() | broken))


def test_the_value_of_a_variable_is_never_repeated() -> None:
    """Values may be secret: a refusal names the variable only."""
    found = problems(pinned(variables={"STAGE": "hunter2\n", "OTHER": "hunter2", "COLOUR": 5}))
    assert len(found) > 2
    assert "hunter2" not in "\n".join(found)
