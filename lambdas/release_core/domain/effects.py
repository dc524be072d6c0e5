"""Which actions of a pipeline change something outside it, by the categories of CodePipeline."""

from collections.abc import Set as AbstractSet

_PASSIVE = frozenset({"Source", "Approval"})
_BUILDS = frozenset({"Build", "Test"})
# The categories whose actions change something only where no action of another category does.
HARMLESS = _PASSIVE | _BUILDS


def changing(categories: AbstractSet[str]) -> AbstractSet[str]:
    """The categories, among all those of a pipeline, whose actions change something.

    A build may deploy, but only where no action of another category is there to do it.
    """
    return categories - HARMLESS or categories - _PASSIVE


def is_passive(categories: AbstractSet[str | None]) -> bool:
    """Whether actions of these categories never change anything."""
    return categories <= _PASSIVE
