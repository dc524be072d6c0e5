"""Reads what the pipelines of a release declare, however slowly CodePipeline allows it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import timedelta

from release_core.domain.declarations import Declared
from release_core.immutable import Immutable

# Pipelines between two looks at the time that is left. CodePipeline was never seen to allow so few
# calls that these take longer than MARGIN.
AT_ONCE = 16
# What is left for the rest of the opening when the reading pauses.
MARGIN = timedelta(seconds=60)


class Declaring(Immutable):
    """Reads declarations until all are read or the function's time is nearly up.

    ``kept`` is the memory of the process: what was read before the time was up, by workflow
    execution and names. The next invocation of the same process goes on there. Another process
    reads from the beginning.
    """

    read: Callable[[Iterable[str]], Declared]
    time_left: Callable[[], timedelta]
    kept: dict[tuple[str, ...], tuple[int, Declared]] = field(default_factory=dict)

    def __call__(self, execution_arn: str, names: Sequence[str]) -> Declared | None:
        """What these pipelines declare; None if the rest must be read by the next invocation."""
        key = (execution_arn, *names)
        count, found = self.kept.pop(key, (0, {}))
        while count < len(names):
            found = {**found, **self.read(names[count : count + AT_ONCE])}
            count += AT_ONCE
            if count < len(names) and self.time_left() < MARGIN:
                self.kept.clear()  # at most one opening is kept
                self.kept[key] = count, found
                return None
        return found
