"""What pipelines do by themselves, whatever the release decides: the warnings of a plan, pure."""

from collections.abc import Container, Iterator, Sequence

from release_core.domain.automation import Automation
from release_core.domain.declarations import Declaration, SourceAction


def by_itself(
    declaration: Declaration, sources: Sequence[SourceAction], *, released: Container[str]
) -> Iterator[str]:
    """One line for each kind; ``released`` are the names of the pipelines in the manifest."""
    twice = [name for name in declaration.starts if name in released]
    if twice:
        yield (
            "an action starts pipelines that this manifest releases, too, so they run TWICE: "
            f"{', '.join(twice)}"
        )
    others = [name for name in declaration.starts if name not in released]
    if others:
        yield f"an action starts other pipelines, outside of this release: {', '.join(others)}"
    detecting = [
        source.name
        for source in sources
        if source.detects_changes or source.name in declaration.triggered_by
    ]
    if detecting:
        changes = f"{' or '.join(detecting)} changes"
        yield f"may also start by itself, outside of this release, when {changes}"
    if automatic := "; ".join(_automatic(declaration.automation)):
        yield f"CodePipeline may by itself {automatic}"


def _automatic(automation: Automation) -> Iterator[str]:
    for verb, stages in (
        ("skip", automation.skipped),
        ("retry", automation.retried),
        ("roll back", automation.rolled_back),
    ):
        if stages:
            yield f"{verb} stage{'s' if len(stages) > 1 else ''} {', '.join(sorted(stages))}"
