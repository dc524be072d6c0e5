"""A release that waits for pipelines which others hold."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from release_machine.release.busy import BusyPipelines, Hold, pipeline_names

type Stubbed = Callable[[str], tuple[Any, Stubber]]
type At = Callable[[float], datetime]

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:release-machine:0b2f"


class Scene:
    """An execution's history and the pipelines table."""

    def __init__(self, stubbed: Stubbed, at: datetime) -> None:
        sfn, self._history = stubbed("stepfunctions")
        dynamodb, self.table = stubbed("dynamodb")
        self.busy = BusyPipelines(sfn=sfn, dynamodb=dynamodb, pipelines_table="pipelines")
        self._at = at

    def entered(self, *states: str) -> None:
        """The states that the execution entered, the latest first, with what came after."""
        events: list[dict[str, Any]] = [{"type": "TaskSubmitted"}] + [
            {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}
            for state in states
        ]
        numbered = [
            {**event, "id": number, "timestamp": self._at} for number, event in enumerate(events)
        ]
        self._history.add_response(
            "get_execution_history",
            {"events": numbered},
            {"executionArn": EXECUTION, "reverseOrder": True, "maxResults": 20},
        )


@pytest.fixture
def scene(stubbed: Stubbed, at: At) -> Scene:
    return Scene(stubbed, at(0))


def test_who_holds_what(scene: Scene, at: At) -> None:
    """The pipelines of other releases are named in the manifest's order; free and own ones not."""
    scene.entered("WaitForPipelines", "IsReleaseNew", "OpenRelease")

    def held(name: str, execution: str) -> dict[str, Any]:
        return {
            "pipeline": {"S": name},
            "held_by": {"S": execution},
            "held_for": {"S": f"of {name}"},
            "held_since": {"S": "2026-11-22T10:00:42.000Z"},
        }

    scene.table.add_response(
        "batch_get_item",
        {
            "Responses": {
                "pipelines": [
                    held("orders", "arn:other"),
                    held("web", EXECUTION),
                    {"pipeline": {"S": "mail"}},
                    held("catalog", "arn:third"),
                ]
            }
        },
        {
            "RequestItems": {
                "pipelines": {
                    "Keys": [
                        {"pipeline": {"S": name}} for name in ("web", "catalog", "orders", "mail")
                    ],
                    "ProjectionExpression": "pipeline, held_by, held_for, held_since",
                    "ConsistentRead": True,
                }
            }
        },
    )
    holds = scene.busy.waited_for(EXECUTION, ["web", "catalog", "orders", "mail"])
    assert holds == [
        Hold(pipeline="catalog", release_id="of catalog", execution_arn="arn:third", since=at(42)),
        Hold(pipeline="orders", release_id="of orders", execution_arn="arn:other", since=at(42)),
    ]
    assert str(holds[0]) == "catalog is held by release of catalog since 2026-11-22T10:00:42Z"


def test_more_pipelines_than_one_read_takes(scene: Scene) -> None:
    """A release of many pipelines is looked up in several reads."""
    scene.entered("WaitForPipelines")
    for _ in range(2):
        scene.table.add_response("batch_get_item", {"Responses": {"pipelines": []}})
    assert scene.busy.waited_for(EXECUTION, [f"p{number}" for number in range(101)]) == []


@pytest.mark.parametrize("states", [(), ("OpenRelease",), ("OpenRelease", "WaitForPipelines")])
def test_execution_that_does_not_wait(scene: Scene, states: tuple[str, ...]) -> None:
    """An execution that opens its release, or does so again, waits for nobody."""
    scene.entered(*states)
    assert scene.busy.waited_for(EXECUTION, ["web"]) == []


@pytest.mark.parametrize(
    ("manifest", "names"),
    [
        (b'{"pipelines": ["a", {"name": "b"}, "a"]}', ["a", "b"]),
        (b"{}", []),
        (b"[]", []),
        (b"\xff", []),
        ('{"pipelines": 7}', []),
    ],
)
def test_names_in_a_manifest(manifest: bytes | str, names: list[str]) -> None:
    """The names come from a manifest as it is; one that is none has none."""
    assert pipeline_names(manifest) == names
