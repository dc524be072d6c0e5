"""What pipelines declare is read from CodePipeline, several at a time."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_core.aws.clients import in_parallel, one_by_one
from release_core.aws.codepipeline import CodePipeline
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
    """An account with pipelines of these names, declared alike."""
    fake = FakeCodePipeline(FakeClock())
    for name in names:
        fake.create_pipeline(pipeline=declaration(name) | more)
    return fake


def read(client: Any, *names: str, patterns: tuple[str, ...] = ("*",)) -> Declared:
    """What is found of pipelines by a deployment with these patterns."""
    codepipeline = CodePipeline(client, patterns=patterns, in_parallel=in_parallel)
    return codepipeline.declarations(names)


def test_type_mode_variables_and_sources_are_read() -> None:
    """A variable is known with its default, if it has one; a source action with its provider."""
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
                    configuration={"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
                ),
            ),
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
    """Who reads a source here with a role of its own reads what others here may look for."""
    pipeline: Any = declaration("orders")
    if role:
        pipeline["stages"][0]["actions"][0]["roleArn"] = role
    (source,) = read_declaration(pipeline).sources
    assert source.foreign_role == (role if foreign else None)


def test_what_aws_leaves_out_has_its_default() -> None:
    """A pipeline from before there were types is V1 and SUPERSEDED."""
    whole = declaration("old")
    pipeline = {key: whole[key] for key in ("name", "stages")}

    class Client:
        """Answers with what a pipeline had in its first years."""

        def get_pipeline(self, **_request: Any) -> dict[str, Any]:
            """Answer with the pipeline."""
            return {"pipeline": pipeline}

    found = read(Client(), "old")["old"]
    assert isinstance(found, Declaration)
    assert (found.type, found.mode, found.variables) == ("V1", "SUPERSEDED", {})


def test_a_pipeline_that_does_not_exist_is_absent() -> None:
    """It is no error: the manifest's author gets to know."""
    assert read(account("orders"), "orders", "nowhere").keys() == {"orders"}


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied"])
def test_a_pipeline_that_may_not_be_read_is_told_from_one_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """AWS does not say whether it exists."""
    fake = account("orders")
    error = service("codepipeline").error(Refused(code, "not authorized"), "GetPipeline")

    def refuse(**_request: Any) -> None:
        raise error

    monkeypatch.setattr(fake, "get_pipeline", refuse, raising=False)
    assert read(fake, "orders") == {"orders": NotAllowed(name="orders")}


def test_a_pipeline_that_does_not_match_the_patterns_is_not_looked_up() -> None:
    """Whether it exists, or may be read by whoever asks, is of no account."""
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
    """A * is any text, all else is itself, in its case, and the whole name has to fit."""
    assert matches(("no-other", pattern), name) is fits


def test_calls_are_made_at_the_same_time_and_answered_in_order() -> None:
    """Two calls that wait for each other both come back."""
    both = threading.Barrier(2, timeout=10)

    def meet(value: int) -> int:
        both.wait()
        return value * 2

    assert in_parallel(meet, range(4)) == [0, 2, 4, 6]
    assert one_by_one(str, range(2)) == ["0", "1"]


def test_what_one_call_raises_is_raised() -> None:
    """A throttle of one pipeline is a throttle of the whole look."""
    error = service("codepipeline").error(Refused("ThrottlingException", "later"), "GetPipeline")

    def fail(value: int) -> int:
        if value == 3:
            raise error
        return value

    with pytest.raises(ClientError, match="ThrottlingException"):
        in_parallel(fail, range(100))
