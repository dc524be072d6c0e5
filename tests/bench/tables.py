"""What a benchmark found: tables in Markdown, and goals that are met or missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """A goal and what was measured; ``at_most`` says on which side of ``limit`` it is met."""

    text: str
    measured: float
    limit: float
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether the measured value is on the right side of the limit."""
        if self.at_most:
            return self.measured <= self.limit
        return self.measured >= self.limit

    def __str__(self) -> str:
        side = "at most" if self.at_most else "at least"
        verdict = "met" if self.met else "**missed**"
        return f"{self.text}: {side} {self.limit:g}. Measured: {self.measured:.3g}, {verdict}."


@dataclass(frozen=True)
class Table:
    """A table with a caption above it, and notes and goals below it."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())
    goals: Sequence[Goal] = field(default=())

    def markdown(self) -> str:
        """Return the table as Markdown. The first column is text, all others are numbers."""
        rule = ["---", *("---:" for _ in self.head[1:])]
        lines = [_row(each) for each in (self.head, rule, *self.rows)]
        parts = [self.caption, "\n".join(lines), *self.notes]
        if self.goals:
            parts.append("\n".join(f"- {goal}" for goal in self.goals))
        return "\n\n".join(parts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
