"""The simulated releases, and the faults that may happen to them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from release_core.clock import to_iso


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Releases, and what may happen to them.

    Each of the `manifests` is opened by its own workflow execution: the first `at_once` at the
    beginning, the others in order at any later time. `outcomes` are the possible ends of an
    execution; one that names a pipeline is only for that one. With `skip` among them, each pipeline
    has a gate before its deployment, and CodePipeline skips the deployment if it is closed.
    `faults` limits each kind of fault, and `most_faults` all of them together. If `cancelled` is
    given, only the workflow executions of these names are stopped.

    `preemptions`, if given, limits how often a function can be interrupted by another one. Each of
    `interrupted` is a function and a text: only these functions are interrupted, only before calls
    with that text, and nothing happens while another function is in the middle. Events of the
    states in `mute` are always lost. In the pipelines of `good` an earlier release has succeeded.
    With `revisions`, each execution ships a revision of its own. The pipelines of `gated` ask for a
    manual approval before they deploy. A change of a pipeline `strands` its execution, or cancels
    it. `on_stage_failure` is what CodePipeline itself does when a stage fails: RETRY once, seconds
    later, or ROLLBACK at once.

    Each of the `people` may answer each approval that is asked, in one of the ways of `answers`;
    with `nothing` among them, perhaps nobody does. The `extra_answers` come at any other time:
    ahead, twice or too late. With a `requester`, that person hands all manifests in
    through the API.
    `requests` are what a person asks of the API in this order, at any time: "freeze SCOPE
    MINUTES", "lift SCOPE" or "override RELEASE".

    A change calendar is `closed` between two minutes after the beginning, and `unreadable` between
    two others; without either the deployment has none. The request "calendar opened" is its event.
    """

    name: str
    manifests: tuple[Mapping[str, Any], ...]
    at_once: int = 1
    outcomes: tuple[str, ...] = ("succeed", "fail")
    faults: Mapping[str, int] = field(default_factory=dict)
    most_faults: int = 0
    cancels: int = 0
    cancelled: tuple[str, ...] = ()
    person_retries: int = 0
    person_changes: int = 0
    person_deletes: int = 0
    person_starts: int = 0
    preemptions: int | None = None
    interrupted: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    gated: tuple[str, ...] = ()
    strands: bool = False
    revisions: bool = False
    people: tuple[str, ...] = ("ann", "ben")
    answers: tuple[str, ...] = ("approve", "reject")
    extra_answers: int = 0
    requester: str = ""
    on_stage_failure: str = ""
    requests: tuple[str, ...] = ()
    closed: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()

    @property
    def pipelines(self) -> tuple[str, ...]:
        """Return the names of all pipelines of all manifests."""
        names = {name_of(each) for manifest in self.manifests for each in manifest["pipelines"]}
        return tuple(sorted(names))

    def as_json(self) -> str:
        """Return the scenario as text, for from_json()."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Scenario":
        """Return the scenario from the text of as_json()."""
        fields = json.loads(text)
        for name in (
            *("manifests", "outcomes", "cancelled", "interrupted", "mute", "good", "gated"),
            *("people", "answers", "requests", "closed", "unreadable"),
        ):
            fields[name] = tuple(fields[name])
        return cls(**fields)


def name_of(pipeline: Any) -> str:
    """Return the name of a pipeline in a manifest."""
    return str(pipeline["name"] if isinstance(pipeline, dict) else pipeline)


# Every kind of fault with its meaning; the budgets use these names.
FAULTS = {
    "crash": "the function crashes before this call, which never happens",
    "die": "the function crashes after its last call took effect",
    "repeat": "the answer is lost, and later the SDK sends the same call again",
    "refuse": "AWS rejects the call temporarily, also after all retries of the SDK",
    "obscure": "the call takes effect, but the caller gets an error",
    "give up": "the function crashes in the last try of its task",
    "orphan": "the workflow gives up the invocation and retries it while it still runs",
    "lose": "an event is lost",
    "unheard": "the event of a stop is lost",
    "double": "an event is delivered twice",
    "time": "time passes although other steps are possible",
    "late": "a look shows CodePipeline as it was before its last change",
    "linger": "the tasks of a stopped workflow go on for a while",
}


def releasing(*pipelines: Any, release_id: str = "r", **more: Any) -> dict[str, Any]:
    """Return a manifest of these pipelines."""
    return {"releaseId": release_id, "pipelines": list(pipelines), **more}


def asking(name: str, *dependencies: str, **more: Any) -> dict[str, Any]:
    """Return an approval, as in a manifest, that everybody may answer."""
    return {"name": name, "dependsOn": list(dependencies), "fourEyes": False, **more}


def in_minutes(minutes: int) -> str:
    """Return the time this many minutes after the beginning, as in a manifest."""
    return to_iso(BEGINNING + timedelta(minutes=minutes))


def after(*dependencies: str) -> dict[str, list[str]]:
    """Return the dependencies of a pipeline, as in a manifest."""
    return {"dependsOn": list(dependencies)}


ANY = dict.fromkeys(FAULTS, 1)
PAIR = releasing("a", {"name": "b", **after("a")})

# The time at the beginning of each schedule.
BEGINNING = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

# The small releases that are explored exhaustively, each within its bounds. These eight take most
# of the time. The longest comes first, so that no core is idle while another one explores the last.
LARGE = (
    Scenario(
        name="retried by us and in the console",
        manifests=(releasing({"name": "a", "retries": 1}),),
        outcomes=("fail",),
        person_retries=1,
        preemptions=2,
        mute=("STARTED", "RESUMED"),
    ),
    Scenario(
        name="one waits for one of two",
        manifests=(
            releasing("a"),
            releasing("a", "b", release_id="s", onBusy="wait"),
            releasing("b", release_id="t"),
        ),
        at_once=2,
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="rolled back while another runs",
        manifests=(
            releasing("a", onFailure="rollback"),
            releasing("a", release_id="s"),
        ),
        good=("a",),
        outcomes=("fail",),
        preemptions=1,
        mute=("STARTED",),
    ),
    Scenario(name="one", manifests=(releasing("a"),), preemptions=3),
    Scenario(
        name="retried in the console", manifests=(releasing("a"),), person_retries=1, preemptions=1
    ),
    Scenario(
        name="cancelled, then resumed",
        manifests=(releasing("a"), releasing("a", resume=True)),
        cancels=1,
        preemptions=1,
        mute=("STARTED", "STOPPING"),
        outcomes=("succeed",),
    ),
    Scenario(
        name="two in parallel",
        manifests=(releasing("a", "b"),),
        preemptions=1,
        outcomes=("succeed",),
    ),
    Scenario(
        name="one, cancelled, its pipeline deleted, a crash",
        manifests=(releasing("a"),),
        cancels=1,
        person_deletes=1,
        faults={"crash": 1},
        most_faults=1,
        preemptions=0,
        outcomes=("succeed",),
        mute=("STARTED", "STOPPING"),
    ),
)

# These are quicker.
QUICK = (
    Scenario(
        name="one, looked at late",
        manifests=(releasing("a"),),
        faults={"late": 2, "lose": 1},
        most_faults=2,
        preemptions=0,
    ),
    Scenario(
        name="one retried, looked at late",
        manifests=(releasing({"name": "a", "retries": 1}),),
        faults={"late": 2},
        most_faults=2,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="retried in the console, looked at late",
        manifests=(releasing("a"),),
        person_retries=1,
        faults={"late": 1, "lose": 1},
        most_faults=2,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="one, a fault", manifests=(releasing("a"),), faults=ANY, most_faults=1, preemptions=0
    ),
    Scenario(name="one, cancelled", manifests=(releasing("a"),), cancels=1, preemptions=1),
    Scenario(
        name="one, cancelled, a crash",
        manifests=(releasing("a"),),
        cancels=1,
        preemptions=0,
        most_faults=1,
        faults={"crash": 1},
    ),
    Scenario(
        name="one, cancelled unheard, a crash",
        manifests=(releasing("a"),),
        outcomes=("succeed",),
        cancels=1,
        preemptions=0,
        most_faults=2,
        faults={"unheard": 1, "crash": 1},
    ),
    Scenario(
        name="an approval, looked at late",
        manifests=(releasing("a"),),
        gated=("a",),
        faults={"late": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="an approval, cancelled",
        manifests=(releasing("a"),),
        gated=("a",),
        outcomes=("succeed",),
        cancels=1,
        faults={"late": 1, "crash": 1, "time": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="an approval, cancelled and interrupted",
        manifests=(releasing("a"),),
        gated=("a",),
        outcomes=("succeed",),
        cancels=1,
        preemptions=1,
        mute=("STARTED", "STOPPING"),
    ),
    Scenario(
        name="an approval, retried",
        manifests=(releasing({"name": "a", "retries": 1}),),
        gated=("a",),
        faults={"die": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="stop the one that asks",
        manifests=(releasing("a", "b", onFailure="stop"),),
        gated=("a",),
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="edited while it asks",
        manifests=(releasing({"name": "a", "timeoutMinutes": 1}),),
        gated=("a",),
        outcomes=("succeed",),
        strands=True,
        person_changes=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="retried by CodePipeline",
        manifests=(releasing("a"),),
        preemptions=1,
        mute=("STARTED",),
        on_stage_failure="RETRY",
    ),
    Scenario(
        name="retried by CodePipeline, then by us",
        manifests=(releasing({"name": "a", "retries": 1}),),
        faults={"late": 1, "lose": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
        on_stage_failure="RETRY",
    ),
    Scenario(
        name="rolled back by CodePipeline",
        manifests=(releasing("a"),),
        preemptions=1,
        mute=("STARTED",),
        on_stage_failure="ROLLBACK",
    ),
    Scenario(
        name="rolled back by CodePipeline, a fault",
        manifests=(releasing("a"),),
        outcomes=("fail",),
        faults={"lose": 1, "crash": 1, "die": 1, "late": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
        on_stage_failure="ROLLBACK",
    ),
    Scenario(name="two in order", manifests=(PAIR,), preemptions=1),
    Scenario(
        name="one at a time",
        manifests=(releasing("a", "b", maxConcurrency=1),),
        preemptions=1,
        outcomes=("succeed",),
    ),
    Scenario(
        name="one retried", manifests=(releasing({"name": "a", "retries": 1}),), preemptions=1
    ),
    Scenario(
        name="one changed in the console",
        manifests=(releasing({"name": "a", "retries": 1}),),
        person_changes=1,
        preemptions=0,
    ),
    Scenario(
        name="one, cancelled, looked at late",
        manifests=(releasing("a"),),
        cancels=1,
        faults={"late": 2},
        most_faults=2,
        preemptions=0,
        outcomes=("succeed",),
    ),
    Scenario(
        name="one, cancelled, its pipeline deleted",
        manifests=(releasing("a"),),
        cancels=1,
        person_deletes=1,
        preemptions=0,
        outcomes=("succeed",),
    ),
    Scenario(
        name="stop the others",
        manifests=(releasing("a", "b", onFailure="stop"),),
        preemptions=0,
    ),
    Scenario(
        name="one waits for the other",
        manifests=(releasing("a"), releasing("a", release_id="s", onBusy="wait")),
        at_once=2,
        preemptions=0,
        outcomes=("succeed",),
    ),
    Scenario(
        name="one finds the other, a crash",
        manifests=(releasing("a"), releasing("a", release_id="s")),
        at_once=2,
        faults={"crash": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="three wait in turn",
        manifests=(
            releasing("a"),
            releasing("a", release_id="s", onBusy="wait"),
            releasing("a", release_id="t", onBusy="wait"),
        ),
        at_once=3,
        preemptions=0,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="one waits and is cancelled",
        manifests=(
            releasing("a"),
            releasing("a", release_id="s", onBusy="wait"),
        ),
        at_once=2,
        preemptions=0,
        cancels=1,
        mute=("STARTED",),
        outcomes=("succeed",),
    ),
    Scenario(
        name="resumed",
        manifests=(releasing("a"), releasing("a", resume=True)),
        preemptions=0,
    ),
    Scenario(
        name="a time limit",
        manifests=(releasing({"name": "a", "timeoutMinutes": 1}),),
        faults={"time": 1},
        most_faults=1,
        preemptions=0,
    ),
    Scenario(
        name="the second limited",
        manifests=(releasing("a", {"name": "b", "timeoutMinutes": 1, **after("a")}),),
        outcomes=("succeed",),
        preemptions=0,
    ),
    Scenario(
        name="the second starts, a crash before the deadline",
        manifests=(PAIR | {"deadline": in_minutes(1)},),
        outcomes=("succeed",),
        preemptions=0,
        most_faults=1,
        faults={"crash": 1},
        mute=("STARTED",),
    ),
    Scenario(
        name="a deadline",
        manifests=(releasing({"name": "a", "retries": 1}, deadline=in_minutes(1)),),
        outcomes=("fail",),
        faults={"time": 1},
        most_faults=1,
        preemptions=0,
    ),
    Scenario(
        name="rolled back",
        manifests=(releasing("a", onFailure="rollback"),),
        good=("a",),
        preemptions=0,
        mute=("STARTED",),
        most_faults=1,
        faults={"obscure": 1},
    ),
    Scenario(
        name="rolled back in order",
        manifests=(PAIR | {"onFailure": "rollback"},),
        good=("a", "b"),
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="rolled back against another",
        manifests=(
            releasing("a", onFailure="rollback"),
            releasing("a", release_id="s", onBusy="wait"),
        ),
        good=("a",),
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="rolled back, looked at late",
        manifests=(releasing("a", onFailure="rollback"),),
        good=("a",),
        faults={"late": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="rolled back, and shipped by hand",
        manifests=(releasing("a", onFailure="rollback"),),
        good=("a",),
        person_starts=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="rolled back by CodePipeline, then by us",
        manifests=(releasing("a", onFailure="rollback"),),
        good=("a",),
        preemptions=0,
        mute=("STARTED",),
        on_stage_failure="ROLLBACK",
    ),
    Scenario(
        name="rolled back or repaired",
        manifests=(releasing("a", onFailure="rollback"),),
        good=("a",),
        person_retries=1,
        preemptions=0,
        mute=("STARTED", "RESUMED"),
    ),
    Scenario(
        name="rolled back or resumed",
        manifests=(
            releasing("a", onFailure="rollback"),
            releasing("a", onFailure="rollback", resume=True),
        ),
        good=("a",),
        preemptions=0,
        mute=("STARTED",),
    ),
)
