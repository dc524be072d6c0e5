"""Simulated releases of several attempts, and of three releases that need the same pipelines.

Most of them interrupt functions only where it matters, so that a few thousand states are enough.
"""

from tests.simulation.scenarios import PAIR, Scenario, after, releasing

# Functions are never interrupted; open_release is, before it takes or frees a lock; or before it
# reads the locks.
_NOWHERE = ("no function",)
_AT_A_LOCK = ("open_release held_for",)
_BEFORE_LOCKS = ("open_release batch_get_item(pipelines",)

# Only `make prove` explores these.
LARGE_OF_ATTEMPTS = (
    Scenario(
        name="three releases of two pipelines",
        manifests=(
            releasing("b"),
            releasing("a", "b", release_id="s"),
            releasing("a", release_id="t", onBusy="wait"),
        ),
        at_once=3,
        outcomes=("succeed",),
        preemptions=2,
        interrupted=_AT_A_LOCK,
        mute=("STARTED",),
    ),
    Scenario(
        name="two take over from a cancelled release",
        manifests=(
            releasing("a"),
            releasing("a", release_id="s"),
            releasing("a", release_id="t"),
        ),
        outcomes=("succeed",),
        cancels=1,
        cancelled=("w99",),
        preemptions=1,
        interrupted=("open_release taken_from",),
        mute=("STARTED", "STOPPING"),
    ),
    Scenario(
        name="rolled back to what another release shipped",
        manifests=(
            releasing("a", release_id="s"),
            releasing("a", onFailure="rollback", onBusy="wait"),
        ),
        at_once=2,
        good=("a",),
        revisions=True,
        preemptions=1,
        interrupted=_BEFORE_LOCKS,
        mute=("STARTED",),
    ),
    Scenario(
        name="two in order, the second limited",
        manifests=(releasing("a", {"name": "b", "timeoutMinutes": 1, **after("a")}),),
        outcomes=("succeed",),
        faults={"time": 1},
        most_faults=1,
        preemptions=0,
        interrupted=_NOWHERE,
        mute=("STARTED",),
    ),
    Scenario(
        name="resumed, or rolled back elsewhere",
        manifests=(
            PAIR | {"onFailure": "rollback"},
            PAIR | {"onFailure": "rollback", "resume": True},
        ),
        good=("a",),
        outcomes=("succeed", "fail"),
        preemptions=1,
        interrupted=_AT_A_LOCK,
        mute=("STARTED",),
    ),
    Scenario(
        name="skipped and rolled back",
        manifests=(releasing("a", "b", onFailure="rollback", onSkipped="fail"),),
        outcomes=("succeed", "skip a"),
        faults={"double": 1},
        most_faults=1,
        good=("a", "b"),
        preemptions=0,
        interrupted=_NOWHERE,
        mute=("STARTED",),
    ),
    Scenario(
        name="two, resumed",
        manifests=(releasing("a", "b"), releasing("a", "b", resume=True)),
        preemptions=0,
        interrupted=_NOWHERE,
        mute=("STARTED",),
    ),
)

# `make test` explores these, too.
QUICK_OF_ATTEMPTS = (
    Scenario(
        name="skipped and accepted",
        manifests=(releasing("a"),),
        outcomes=("succeed", "skip"),
        faults={"late": 1, "lose": 1, "double": 1, "crash": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="skipped and refused, then resumed",
        manifests=(
            releasing({"name": "a", "retries": 1}, onSkipped="fail"),
            releasing({"name": "a", "retries": 1}, onSkipped="fail", resume=True),
        ),
        outcomes=("succeed", "fail", "skip"),
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="stopped or overtaken from outside",
        manifests=(releasing({"name": "a", "retries": 1}),),
        outcomes=("fail", "stop", "supersede"),
        preemptions=0,
        mute=("STARTED", "STOPPING"),
    ),
    Scenario(
        name="resumed and cancelled, one at a time",
        manifests=(
            releasing("a", maxConcurrency=1),
            releasing("a", maxConcurrency=1, resume=True),
        ),
        outcomes=("fail",),
        cancels=1,
        preemptions=1,
        interrupted=(
            "record_state_change update_item(releases r/release",
            "run_pipeline start_pipeline_execution",
        ),
        mute=("STARTED", "STOPPING"),
    ),
    Scenario(
        name="retried twice, a crash",
        manifests=(releasing({"name": "a", "retries": 2}),),
        outcomes=("fail",),
        faults={"crash": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="cancelled while its tasks go on, then resumed",
        manifests=(releasing("a"), releasing("a", resume=True)),
        outcomes=("succeed",),
        cancels=1,
        faults={"linger": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED", "STOPPING"),
    ),
)
