"""What CodePipeline may do to stages by itself, from the declaration of a pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from release_core.domain.effects import changing
from release_core.immutable import Immutable


class Automation(Immutable):
    """The stages that CodePipeline may retry, roll back, and skip by itself."""

    retried: frozenset[str] = frozenset()
    rolled_back: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()


class Skippable(Immutable):
    """The stages that CodePipeline may skip in this version of a pipeline.

    ``stages`` says for each of them whether it deploys: whether its actions change something.
    """

    version: int | None = None
    stages: Mapping[str, bool] = field(default_factory=dict)


class SkippedStage(Immutable):
    """A stage that CodePipeline has skipped in an execution that succeeded, and why, if known."""

    stage: str
    deploys: bool
    why: str | None = None

    def __str__(self) -> str:
        """One line for people."""
        return f"stage {self.stage} was skipped" + (f": {self.why}" if self.why else "")


def read_automation(pipeline: Mapping[str, Any]) -> Automation:
    """Read the automation from the ``pipeline`` of a GetPipeline response."""
    results = {stage["name"]: set(_results(stage)) for stage in pipeline["stages"]}
    return Automation(
        retried=frozenset(stage for stage, found in results.items() if "RETRY" in found),
        rolled_back=frozenset(stage for stage, found in results.items() if "ROLLBACK" in found),
        skipped=frozenset(stage for stage, found in results.items() if "SKIP" in found),
    )


def read_skippable(pipeline: Mapping[str, Any]) -> Skippable:
    """Read the stages that may be skipped from the ``pipeline`` of a GetPipeline response."""
    categories = {
        stage["name"]: {action["actionTypeId"]["category"] for action in stage["actions"]}
        for stage in pipeline["stages"]
    }
    change = changing({category for found in categories.values() for category in found})
    return Skippable(
        version=pipeline.get("version"),
        stages={
            stage: not categories[stage].isdisjoint(change)
            for stage in sorted(read_automation(pipeline).skipped)
        },
    )


def _results(stage: Mapping[str, Any]) -> Iterator[str | None]:
    """The results that a stage declares for its failure, and for failed conditions."""
    for member in ("beforeEntry", "onSuccess", "onFailure"):
        declared = stage.get(member, {})
        yield declared.get("result")
        yield from (condition.get("result") for condition in declared.get("conditions", ()))
