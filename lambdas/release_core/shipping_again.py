"""Shipping again what was good in a pipeline, as far as what it declares now allows that."""

from collections.abc import Iterator

from release_core.declarations import Declaration
from release_core.shipped import Good


def why_not_again(good: Good, declaration: Declaration) -> Iterator[str]:
    """Why a pipeline, started with all that is on record of what was good, would not ship it."""
    on_record = {revision.action for revision in good.revisions}
    for source in declaration.sources:
        if source.name not in on_record:
            yield (
                f"nothing is on record of its source action {source.name!r}, which may be newer "
                "than that release"
            )
