"""The definition of a mutant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One replacement in one file of lambdas/; the named scenarios are searched first."""

    name: str
    file: str
    old: str
    new: str
    scenarios: tuple[str, ...] = ()
