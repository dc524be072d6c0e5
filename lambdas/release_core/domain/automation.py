"""What CodePipeline may do by itself when a stage fails, from the declaration of a pipeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Automation:
    """The stages that CodePipeline may retry by itself, and those that it may roll back."""

    retried: frozenset[str] = frozenset()
    rolled_back: frozenset[str] = frozenset()


def read_automation(pipeline: Mapping[str, Any]) -> Automation:
    """Read the automation from the ``pipeline`` of a GetPipeline response."""
    results = {stage["name"]: set(_results(stage)) for stage in pipeline["stages"]}
    return Automation(
        retried=frozenset(stage for stage, found in results.items() if "RETRY" in found),
        rolled_back=frozenset(stage for stage, found in results.items() if "ROLLBACK" in found),
    )


def _results(stage: Mapping[str, Any]) -> Iterator[str | None]:
    """The results that a stage declares for its failure, and for a failed condition."""
    for member in ("onSuccess", "onFailure"):
        declared = stage.get(member, {})
        yield declared.get("result")
        yield from (condition.get("result") for condition in declared.get("conditions", ()))
