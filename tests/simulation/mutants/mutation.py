"""What a mutant is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One replacement in one file of lambdas/; the scenarios named are looked at first."""

    name: str
    file: str
    old: str
    new: str
    scenarios: tuple[str, ...] = ()
