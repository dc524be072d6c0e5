"""Failed events of an alias go where the configuration of the alias says."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from localstack_fixes.alias_destinations import handle

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:greet"
CONFIGURATIONS = {"live": "of the alias", "$LATEST": "of the newest code"}


@pytest.mark.parametrize(
    ("invoked", "expected"),
    [
        (f"{FUNCTION}:live", "of the alias"),
        (f"{FUNCTION}:3", None),
        (FUNCTION, "of the newest code"),
    ],
    ids=["alias", "version", "function"],
)
def test_the_configuration_is_that_of_the_qualifier(invoked: str, expected: str | None) -> None:
    """LocalStack asks for the version's; all else is the function's own, also when it changes."""
    version = SimpleNamespace(id=SimpleNamespace(qualifier="3"))
    function = SimpleNamespace(event_invoke_configs=CONFIGURATIONS, limit=None)
    manager = SimpleNamespace(function_version=version, function=function)
    poller = SimpleNamespace(version_manager=manager, queue="events")
    found: list[Any] = []

    def handle_message(seen: Any, message: object) -> None:
        function.limit = 0
        configurations = seen.version_manager.function.event_invoke_configs
        found.extend((configurations.get("3"), seen.version_manager.function.limit, seen.queue))

    handle(handle_message, poller, {"Body": json.dumps({"invoked_arn": invoked})})
    assert found == [expected, 0, "events"]
