"""The declarations of pipelines are read from CodePipeline, several at a time."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.aws.clients import in_parallel, one_by_one
from release_core.aws.codepipeline import CodePipeline
from release_core.domain.automation import Skippable
from release_core.domain.declarations import (
    Declaration,
    Declared,
    NotAllowed,
    NotMatched,
    SourceAction,
    matches,
    read_declaration,
)
from tests.fakes.clock import FakeClock
from tests.fakes.codepipeline import FakeCodePipeline
from tests.fakes.service import Refused, service
from tests.worlds.release_world import declaration


def account(*names: str, **more: Any) -> FakeCodePipeline:
    """An account with pipelines of these names."""
    fake = FakeCodePipeline(FakeClock())
    for name in names:
        fake.create_pipeline(pipeline=declaration(name) | more)
    return fake


def read(client: Any, *names: str, patterns: tuple[str, ...] = ("*",)) -> Declared:
    """The declarations that a deployment with these name patterns finds."""
    codepipeline = CodePipeline(client, patterns=patterns, in_parallel=in_parallel)
    return codepipeline.declarations(names)


def test_type_mode_variables_and_sources_are_read() -> None:
    """A declaration has type, mode, variables with defaults, and source actions."""
    variables = [{"name": "STAGE"}, {"name": "COLOUR", "defaultValue": "blue"}]
    found = read(account("orders", executionMode="QUEUED", variables=variables), "orders")
    assert found == {
        "orders": Declaration(
            name="orders",
            type="V2",
            mode="QUEUED",
            variables={"STAGE": None, "COLOUR": "blue"},
            sources=(
                SourceAction(
                    name="Fetch",
                    provider="S3",
                    configuration={
                        "S3Bucket": "sources",
                        "S3ObjectKey": "app.zip",
                        "PollForSourceChanges": "false",
                    },
                ),
            ),
            version=1,
            categories=frozenset({"Source", "Deploy"}),
            skippable=Skippable(version=1),
        )
    }


@pytest.mark.parametrize(
    ("role", "foreign"),
    [
        ("arn:aws:iam::222222222222:role/source-access", True),
        ("arn:aws:iam::000000000000:role/of-this-action", False),
        (None, False),
    ],
    ids=("another account", "the same account", "none"),
)
def test_the_role_of_another_account_is_read(role: str | None, *, foreign: bool) -> None:
    """The role of a source action is recorded only if it belongs to another account."""
    pipeline: Any = declaration("orders")
    if role:
        pipeline["stages"][0]["actions"][0]["roleArn"] = role
    (source,) = read_declaration(pipeline).sources
    assert source.foreign_role == (role if foreign else None)


@pytest.mark.parametrize(
    ("provider", "configuration", "detects"),
    [
        ("S3", {}, True),
        ("CodeCommit", {"PollForSourceChanges": "true"}, True),
        ("GitHub", {"PollForSourceChanges": "False"}, False),
        ("CodeStarSourceConnection", {}, True),
        ("CodeStarSourceConnection", {"DetectChanges": "false"}, False),
        ("CodeStarSourceConnection", {"PollForSourceChanges": "false"}, True),
        ("ECR", {}, False),
    ],
)
def test_sources_that_start_a_pipeline(
    provider: str, configuration: dict[str, str], *, detects: bool
) -> None:
    """CodePipeline detects changes by default; an image repository needs a rule of its own."""
    source = SourceAction(name="Fetch", provider=provider, configuration=configuration)
    assert source.detects_changes is detects


def test_triggers_and_started_pipelines_are_read() -> None:
    """A declaration has the sources of its triggers, and the pipelines that its actions start."""
    pipeline: Any = declaration("orders")
    push = {"branches": {"includes": ["main"]}}
    git = {"sourceActionName": "Fetch", "push": [push]}
    pipeline["triggers"] = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
    kind = {"category": "Invoke", "owner": "AWS", "version": "1"}
    pipeline["stages"][1]["actions"] += [
        {
            "name": f"Invoke{number}",
            "actionTypeId": {**kind, "provider": provider},
            "configuration": {"PipelineName": name, "Variables": "hunter2"},
        }
        for number, (provider, name) in enumerate(
            [("CodePipeline", "web"), ("Lambda", "none"), ("CodePipeline", "web")]
        )
    ]
    found = read_declaration(pipeline)
    assert found.triggered_by == {"Fetch"}
    assert found.starts == ("web",)
    assert "hunter2" not in repr(found)


def test_what_aws_leaves_out_has_its_default() -> None:
    """A pipeline without type and mode is V1 and SUPERSEDED."""
    whole = declaration("old")
    pipeline = {key: whole[key] for key in ("name", "stages")}

    class Client:
        """Returns a pipeline without type and mode."""

        def get_pipeline(self, **_request: Any) -> dict[str, Any]:
            """Return the pipeline."""
            return {"pipeline": pipeline}

    found = read(Client(), "old")["old"]
    assert isinstance(found, Declaration)
    assert (found.type, found.mode, found.variables) == ("V1", "SUPERSEDED", {})


def test_a_pipeline_that_does_not_exist_is_absent() -> None:
    """A pipeline that does not exist is missing in the result, without an error."""
    assert read(account("orders"), "orders", "nowhere").keys() == {"orders"}


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied"])
def test_a_pipeline_without_permission_is_not_allowed(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A pipeline that may not be read is NotAllowed, because AWS hides whether it exists."""
    fake = account("orders")
    error = service("codepipeline").error(Refused(code, "not authorized"), "GetPipeline")

    def refuse(**_request: Any) -> None:
        raise error

    monkeypatch.setattr(fake, "get_pipeline", refuse, raising=False)
    assert read(fake, "orders") == {"orders": NotAllowed(name="orders")}


def test_a_pipeline_outside_the_patterns_is_not_read() -> None:
    """A name that matches no pattern is NotMatched, and CodePipeline is not asked."""
    patterns = ("shop-*", "web")
    found = read(account("shop-orders", "other"), "shop-orders", "other", "gone", patterns=patterns)
    assert isinstance(found["shop-orders"], Declaration)
    assert [found[name] for name in ("other", "gone")] == [
        NotMatched(name=name, patterns=patterns) for name in ("other", "gone")
    ]


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "any@team.v1", True),
        ("shop-*", "shop-", True),
        ("shop-*", "Shop-orders", False),
        ("shop-*", "my-shop-orders", False),
        ("*-prod", "shop-orders-prod", True),
        ("shop-*-prod", "shop-prod", False),
        ("web", "web", True),
        ("web", "web2", False),
        ("a.b", "a-b", False),
    ],
)
def test_patterns_mean_what_they_mean_in_iam(pattern: str, name: str, *, fits: bool) -> None:
    """`*` is any text, everything else is literal, and the whole name must match."""
    assert matches(("no-other", pattern), name) is fits


def test_calls_run_in_parallel_and_keep_their_order() -> None:
    """Calls run in parallel, and their results come in the order of the arguments."""
    both = threading.Barrier(2, timeout=10)

    def meet(value: int) -> int:
        both.wait()
        return value * 2

    assert in_parallel(meet, range(4)) == [0, 2, 4, 6]
    assert one_by_one(str, range(2)) == ["0", "1"]


def test_an_error_of_one_call_is_raised() -> None:
    """A throttle of one call is raised for all of them."""
    error = service("codepipeline").error(Refused("ThrottlingException", "later"), "GetPipeline")

    def fail(value: int) -> int:
        if value == 3:
            raise error
        return value

    with pytest.raises(ClientError, match="ThrottlingException"):
        in_parallel(fail, range(100))
