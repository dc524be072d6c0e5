"""Sources of identifiers: random in the emulator, counted in tests and simulations."""

from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4


class Ids(Protocol):
    """A source of UUID-shaped identifiers, which is cloned with the model that uses it."""

    def new(self) -> str:
        """Return an identifier this source has not returned before."""
        ...

    def clone(self) -> "Ids":
        """Return a source that continues from here on its own."""
        ...


class RandomIds:
    """Random identifiers."""

    def new(self) -> str:
        """Return a random UUID."""
        return str(uuid4())

    def clone(self) -> "RandomIds":
        """Return itself: it has no state."""
        return self


@dataclass(slots=True)
class SequentialIds:
    """Identifiers that count upwards, so that a history can be repeated exactly."""

    last: int = 0

    def new(self) -> str:
        """Return the next identifier, shaped as a UUID."""
        self.last += 1
        return f"00000000-0000-4000-8000-{self.last:012x}"

    def clone(self) -> "SequentialIds":
        """Return an independent counter with the same value."""
        return SequentialIds(self.last)
