"""The small releases with approvals that are explored exhaustively."""

from tests.simulation.scenarios import Scenario, after, asking, in_minutes, releasing

_BEHIND = {"name": "b", **after("go")}
_BETWEEN = releasing("a", _BEHIND, approvals=[asking("go", "a")])
_CHAIN = (_BEHIND, {"name": "c", **after("b")})
_FOUR_EYES = releasing(*_CHAIN, approvals=[asking("go", fourEyes=True)])
_FIRST = releasing(_BEHIND, approvals=[asking("go")])

LARGE_OF_APPROVALS = (
    Scenario(
        name="two votes at one instant",
        manifests=(releasing(_BEHIND, approvals=[asking("go", minApprovals=2)]),),
        outcomes=("succeed",),
        preemptions=2,
        interrupted=("answer_approval",),
        extra_answers=1,
        mute=("STARTED",),
    ),
    Scenario(
        name="answered while it is cancelled",
        manifests=(_FIRST,),
        people=("ann",),
        outcomes=("succeed",),
        cancels=1,
        preemptions=3,
        interrupted=(
            "close_release update_item(releases r/pipeline#go",
            "answer_approval update_item(releases r/pipeline#go",
        ),
        mute=("STARTED", "STOPPING"),
    ),
)

QUICK_OF_APPROVALS = (
    Scenario(
        name="answered beside a cancel",
        manifests=(_FIRST,),
        people=("ann",),
        outcomes=("succeed",),
        cancels=1,
        preemptions=1,
        interrupted=("answer_approval update_item(releases r/pipeline#go",),
        mute=("STARTED", "STOPPING"),
    ),
    Scenario(
        name="asked between two",
        manifests=(_BETWEEN,),
        preemptions=0,
        extra_answers=1,
        mute=("STARTED",),
    ),
    Scenario(
        name="asked, a fault",
        manifests=(_FIRST,),
        people=("ann",),
        outcomes=("succeed",),
        faults=dict.fromkeys(("crash", "die", "repeat", "refuse", "obscure", "give up"), 1),
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="answered while it expires",
        manifests=(releasing(_BEHIND, approvals=[asking("go", expiresAfterMinutes=30)]),),
        people=("ann",),
        answers=("approve", "nothing"),
        outcomes=("succeed",),
        preemptions=2,
        interrupted=(
            "run_pipeline update_item(releases r/pipeline#go",
            "answer_approval update_item(releases r/pipeline#go sets",
        ),
        mute=("STARTED",),
    ),
    Scenario(
        name="answered while it is halted",
        manifests=(releasing("a", _BEHIND, approvals=[asking("go")]),),
        people=("ann",),
        answers=("approve", "nothing"),
        outcomes=("fail",),
        preemptions=1,
        interrupted=("record_state_change", "answer_approval"),
        mute=("STARTED",),
    ),
    Scenario(
        name="answered ahead, twice and late",
        manifests=(_BETWEEN,),
        outcomes=("succeed",),
        people=("ann",),
        extra_answers=2,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="two have to approve",
        manifests=(releasing(_BEHIND, approvals=[asking("go", minApprovals=2)]),),
        outcomes=("succeed",),
        answers=("approve",),
        extra_answers=1,
        preemptions=1,
        interrupted=("answer_approval update_item",),
        mute=("STARTED",),
    ),
    Scenario(
        name="asked again",
        manifests=(_BETWEEN, {**_BETWEEN, "resume": True}),
        outcomes=("succeed",),
        people=("ann",),
        extra_answers=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="granted, then asked again",
        manifests=(_FOUR_EYES, {**_FOUR_EYES, "resume": True}),
        people=("ann",),
        answers=("approve",),
        outcomes=("succeed", "fail c"),
        requester="joan",
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="stopped by a rejection",
        manifests=(
            releasing(
                "a", {"name": "b", **after("go")}, approvals=[asking("go")], onFailure="stop"
            ),
        ),
        people=("ann",),
        preemptions=0,
        mute=("STARTED",),
        gated=("a",),
    ),
    Scenario(
        name="rejected while another fails",
        manifests=(releasing({"name": "a", "retries": 1}, approvals=[asking("go")]),),
        people=("ann",),
        answers=("reject",),
        outcomes=("fail",),
        faults={"crash": 1},
        most_faults=1,
        preemptions=0,
        mute=("STARTED",),
    ),
    Scenario(
        name="rejected while another starts",
        manifests=(releasing("a", approvals=[asking("go")]),),
        people=("ann",),
        answers=("reject",),
        outcomes=("succeed",),
        faults={"crash": 1},
        most_faults=1,
        preemptions=1,
        interrupted=(
            "run_pipeline batch_get_item(releases r/release, all releases/freezes, r/pipeline#a",
        ),
        mute=("STARTED",),
    ),
    Scenario(
        name="an approval and a deadline",
        manifests=(releasing(_BEHIND, approvals=[asking("go")], deadline=in_minutes(30)),),
        people=("ann",),
        answers=("approve", "nothing"),
        outcomes=("succeed",),
        preemptions=0,
        mute=("STARTED",),
    ),
)
