"""What is simulated: the releases, what may go wrong, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Releases and the adversary's means.

    `manifests` are opened at the beginning, each by a workflow execution of its own. `outcomes`
    are the ways in which an execution may end. `faults` says how often each kind of fault may
    happen, `most_faults` how many in all. `preemptions`, when given, bounds how often a function
    may be left in the middle for another one.
    """

    name: str
    manifests: tuple[Mapping[str, Any], ...]
    outcomes: tuple[str, ...] = ("succeed", "fail")
    faults: Mapping[str, int] = field(default_factory=dict)
    most_faults: int = 0
    cancels: int = 0
    person_retries: int = 0
    preemptions: int | None = None

    @property
    def pipelines(self) -> tuple[str, ...]:
        """Name every pipeline of every manifest."""
        names = {_name(each) for manifest in self.manifests for each in manifest["pipelines"]}
        return tuple(sorted(names))


def _name(pipeline: Any) -> str:
    return str(pipeline["name"] if isinstance(pipeline, dict) else pipeline)


# Every kind of fault, with what it means; budgets name these.
FAULTS = {
    "crash": "the function dies before this call, which never happens",
    "die": "the function dies after its last call took effect",
    "repeat": "the answer is lost and the SDK sends the same call again",
    "refuse": "AWS refuses the call for now, after all tries of the SDK",
    "obscure": "the call takes effect, but the caller is told of an error",
    "orphan": "the workflow gives the invocation up and retries while it still runs",
    "lose": "an event is lost",
    "double": "an event is delivered twice",
    "time": "time passes while others still have to act",
}


def releasing(*pipelines: Any, release_id: str = "r", **more: Any) -> dict[str, Any]:
    """Return a manifest of these pipelines."""
    return {"releaseId": release_id, "pipelines": list(pipelines), **more}


ANY_ONE = dict.fromkeys(FAULTS, 1)

ONE = Scenario(name="one pipeline", manifests=(releasing("a"),), faults=ANY_ONE, most_faults=1)
