"""A manifest must fit what its pipelines declare."""

from collections.abc import Mapping
from typing import Any

import pytest

from release_core.domain.declarations import (
    Declaration,
    Declared,
    NotAllowed,
    NotDriven,
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
        "foreign": NotDriven(name="foreign", patterns=("shop-*", "web")),
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
    """The problem names the missing permission, because AWS hides whether the pipeline exists."""
    (problem,) = problems("secret")
    assert problem.startswith("pipelines[0]: the pipeline 'secret' may not be read with the")
    # People run the same check with their own permissions.
    assert "of whoever checks" in problem
    assert "codepipeline:GetPipeline" in problem


def test_a_pipeline_that_is_not_driven_names_the_patterns_and_the_setting() -> None:
    """A pipeline outside the patterns has one problem, with the patterns and their setting."""
    assert problems(pinned(("Fetch", "COMMIT_ID"), name="foreign")) == [
        (
            "pipelines[0]: the pipeline 'foreign' is none of those that this deployment drives: "
            "shop-*, web; widen its pipeline_name_patterns in Terraform, or release it with "
            "another deployment"
        )
    ]


def test_a_pipeline_that_does_not_exist_has_one_problem() -> None:
    """The variables and revisions of a pipeline that does not exist are not checked."""
    assert problems(pinned(("Fetch", "COMMIT_ID"), name="nowhere")) == [
        "pipelines[0]: there is no pipeline 'nowhere' in this account and Region"
    ]


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
    assert problems(pinned(variables={"STAEG": "p", "COLOUR": "blue"})) == [
        (
            "pipelines[0].variables.STAEG: pipeline 'orders' declares no such variable; "
            "it has STAGE, COLOUR"
        ),
        (
            "pipelines[0].variables.STAGE: pipeline 'orders' has no default for it, "
            "so it must be given"
        ),
    ]
    assert problems("orders") == [
        "pipelines[0].variables.STAGE: pipeline 'orders' has no default for it, so it must be given"
    ]
    assert problems(pinned(), declared(variables={})) == [
        "pipelines[0].variables.STAGE: pipeline 'orders' declares no such variable; it has none"
    ]


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        (
            ("Build", "COMMIT_ID"),
            (
                "actionName: 'Build' is no source action of pipeline 'orders'; "
                "it has Fetch, Any, Code, Image, Own"
            ),
        ),
        (
            ("Fetch", "COMMIT_ID"),
            "revisionType: 'Fetch' takes S3_OBJECT_VERSION_ID or S3_OBJECT_KEY; its provider is S3",
        ),
        (
            ("Fetch", "S3_OBJECT_KEY"),
            (
                "revisionType: 'Fetch' takes no other key; "
                "AllowOverrideForS3ObjectKey is not true in it"
            ),
        ),
        (
            ("Code", "IMAGE_DIGEST"),
            "revisionType: 'Code' takes COMMIT_ID; its provider is CodeStarSourceConnection",
        ),
        (("Image", "COMMIT_ID"), "revisionType: 'Image' takes IMAGE_DIGEST; its provider is ECR"),
    ],
)
def test_a_revision_must_fit_its_action(pin: tuple[str, str], problem: str) -> None:
    """The problem names the place and what the action accepts."""
    assert problems(pinned(pin)) == [f"pipelines[0].sourceRevisions[0].{problem}"]


def test_an_action_accepts_one_revision_of_a_type() -> None:
    """A second revision of the same type for the same action is a problem."""
    assert problems(pinned(("Code", "COMMIT_ID"), ("Code", "COMMIT_ID"))) == [
        "pipelines[0].sourceRevisions[1]: 'Code' is given two revisions of type COMMIT_ID"
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
    assert found[1].endswith(": must be one line of text")
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
