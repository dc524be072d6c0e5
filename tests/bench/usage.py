"""What a release uses of AWS, what that costs, and what polling uses by its formula."""

import math
from dataclasses import dataclass, fields
from typing import Self

# List prices of us-east-1 in US dollars, without free tiers, from the pricing pages of each service
# on aws.amazon.com: Step Functions (Standard), Lambda (arm64), DynamoDB (on demand), EventBridge
# (custom events). Calls of CodePipeline's API are free, but throttled.
TRANSITION = 0.025 / 1_000
INVOCATION = 0.20 / 1_000_000
GB_SECOND = 0.0000133334
WRITE_UNIT = 0.625 / 1_000_000
READ_UNIT = 0.125 / 1_000_000
EVENT = 1.00 / 1_000_000


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one release uses. Starts and reads are calls of CodePipeline."""

    transitions: float = 0
    invocations: float = 0
    gb_seconds: float = 0
    read_units: float = 0
    write_units: float = 0
    dynamodb_calls: float = 0
    pipeline_starts: float = 0
    pipeline_reads: float = 0
    events: float = 0

    def __add__(self, other: Self) -> Self:
        sums = {
            each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)
        }
        return type(self)(**sums)

    @property
    def aws_calls(self) -> float:
        """The calls of DynamoDB and CodePipeline."""
        return self.dynamodb_calls + self.pipeline_starts + self.pipeline_reads

    @property
    def dollars(self) -> float:
        """The list price. Both designs write logs and run the same pipelines: not counted."""
        return (
            self.transitions * TRANSITION
            + self.invocations * INVOCATION
            + self.gb_seconds * GB_SECOND
            + self.read_units * READ_UNIT
            + self.write_units * WRITE_UNIT
            + self.events * EVENT
        )


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Polling's loop: Wait, Check, Choice. ``check_seconds`` is what a round takes beyond its wait.

    ``check_gb_seconds`` is what one check uses.
    """

    wait_seconds: float
    check_seconds: float
    check_gb_seconds: float

    def rounds(self, seconds: float) -> int:
        """Return how often it checks pipelines that run for ``seconds``."""
        return max(1, math.ceil(seconds / (self.wait_seconds + self.check_seconds)))

    def detection_seconds(self) -> float:
        """Return how long after its end a pipeline is found ended, on average.

        The end falls anywhere into a wait, so half of the wait is left. Then comes the check.
        """
        return self.wait_seconds / 2 + self.check_seconds

    def per_release(self, pipelines: int, seconds: float) -> Usage:
        """Return the usage of one loop that checks all pipelines in each round."""
        rounds = self.rounds(seconds)
        return Usage(
            transitions=2 + 3 * rounds,  # Start and Ended, once
            invocations=1 + rounds,
            gb_seconds=rounds * self.check_gb_seconds,
            pipeline_starts=pipelines,
            pipeline_reads=pipelines * rounds,
        )

    def per_pipeline(self, pipelines: int, seconds: float) -> Usage:
        """Return the usage of a Map with one loop for each pipeline."""
        total = Usage(transitions=1)  # the Map
        for _ in range(pipelines):
            total += self.per_release(1, seconds)
        return total
