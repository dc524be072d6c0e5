"""What goes wrong during a soak: faults of the emulator, and functions that are killed."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from random import Random

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.functions import Functions
from tests.soak.drawn import draw_fault

# CodePipeline takes so many starts a minute, of all pipelines together.
STARTS_PER_MINUTE, BURST = 150, 20
KILLED = 0.05


class Chaos:
    """Lets something go wrong, again and again; ``done`` counts what did."""

    def __init__(self, account: Account, draw: Random, pipelines: Sequence[str]) -> None:
        self._functions = Functions(account)
        self._faults = Faults(account)
        self._draw = draw
        self._pipelines = pipelines
        self._kinds = sorted(account.outputs["function_names"])
        self._in_force = ExitStack()
        self.done: Counter[str] = Counter()

    def __enter__(self) -> "Chaos":
        """Throttle the starts of pipelines."""
        self._in_force.enter_context(
            self._faults.limit("StartPipelineExecution", per_minute=STARTS_PER_MINUTE, burst=BURST)
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what has not fired; an event that was held back is sent now."""
        self._in_force.close()

    def strike(self) -> None:
        """Add a fault, or kill the processes of a function."""
        if self._draw.random() < KILLED:
            function = self._draw.choice(self._kinds)
            self.done[f"killed {function}"] += self._functions.kill(function)
            return
        fault = draw_fault(self._draw, self._pipelines)
        self._in_force.enter_context(self._faults.in_force(fault))
        self.done[f"{fault['kind']} {fault['effect']}"] += 1
