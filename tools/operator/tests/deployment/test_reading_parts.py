"""The checks of the release machine, made by the command with the caller's credentials."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from release_core.domain.declarations import Declaration, NotFound, NotMatched
from release_machine.deployment.reading_parts import declaration_lookup
from tests.fakes.codepipeline import FakeCodePipeline
from tests.worlds.release_world import declaration
from tools.operator.tests.deployment.test_deployment import DEPLOYMENT
from tools.operator.tests.samples.fake_deployment import refusal


def session(*pipelines: str) -> Any:
    """A session in an account with these pipelines, of a deployment that releases ``shop-*``."""
    fake = FakeCodePipeline(lambda: datetime(2026, 11, 22, tzinfo=UTC))
    for name in pipelines:
        fake.create_pipeline(pipeline=declaration(name))
    return SimpleNamespace(
        client={"codepipeline": fake}.__getitem__,
        codepipeline=fake,
        deployment=DEPLOYMENT,
        settings=SimpleNamespace(pipeline_name_patterns=("shop-*",), change_calendars=()),
    )


def test_a_pipeline_that_does_not_exist_comes_with_the_nearest_that_does() -> None:
    """Of all pipelines of the account only those that match the deployment's patterns count."""
    found = declaration_lookup(session("shop-catalog", "shp-katalog", "shop-orders"))(
        ["shop-orders", "shop-katalog", "shop-x-y-z", "web"]
    )
    assert isinstance(found["shop-orders"], Declaration)
    assert found["shop-katalog"] == NotFound(name="shop-katalog", nearest="shop-catalog")
    assert found["shop-x-y-z"] == NotFound(name="shop-x-y-z", nearest=None)
    assert isinstance(found["web"], NotMatched)


def test_pipelines_are_not_listed_when_all_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list only helps to suggest a name."""
    account = session("shop-catalog")
    monkeypatch.delattr(type(account.codepipeline), "get_paginator")
    assert declaration_lookup(account)(["shop-catalog"]).keys() == {"shop-catalog"}


def test_a_caller_who_may_not_list_pipelines_gets_no_suggestion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check itself does not need the permission."""
    account = session("shop-catalog")

    def refuse(_operation: str) -> None:
        raise refusal("AccessDeniedException", "ListPipelines")

    monkeypatch.setattr(account.codepipeline, "get_paginator", refuse)
    found = declaration_lookup(account)(["shop-katalog"])
    assert found == {"shop-katalog": NotFound(name="shop-katalog", nearest=None)}
