"""Random manifests and random faults of the emulator; no I/O."""

from collections.abc import Sequence
from random import Random
from typing import Any

PIPELINE_EVENT = "CodePipeline Pipeline Execution State Change"
STATES = ("STARTED", "SUCCEEDED", "FAILED", "STOPPING", "STOPPED", "RESUMED")
READS = ("GetPipelineExecution", "ListActionExecutions", "GetPipelineState")
WRITES = ("StartPipelineExecution", "RetryStageExecution", "StopPipelineExecution")
APPROVAL = "go-live"
LARGEST = 6


def draw_manifest(draw: Random, release_id: str, pipelines: Sequence[str]) -> dict[str, Any]:
    """A release of some of the pipelines, in a random order and with a random policy."""
    chosen = draw.sample(pipelines, draw.randint(1, LARGEST))
    document: dict[str, Any] = {
        "releaseId": release_id,
        "onFailure": draw.choice(("halt", "continue", "stop", "rollback")),
        "onBusy": "wait" if draw.random() < 0.9 else "refuse",
    }
    earlier: list[str] = []
    if draw.random() < 0.15:
        # Four eyes need the API, and manifests come in by all doors.
        approval = {"name": APPROVAL, "fourEyes": False, "minApprovals": draw.randint(1, 2)}
        document["approvals"] = [approval]
        earlier.append(APPROVAL)
    nodes = []
    for name in chosen:
        node: dict[str, Any] = {"name": name, "retries": draw.choice((0, 0, 1, 2))}
        if earlier and draw.random() < 0.4:
            node["dependsOn"] = draw.sample(earlier, draw.randint(1, min(2, len(earlier))))
        nodes.append(node)
        earlier.append(name)
    document["pipelines"] = nodes
    if draw.random() < 0.2:
        document["maxConcurrency"] = draw.randint(1, 2)
    return document


def draw_fault(draw: Random, pipelines: Sequence[str]) -> dict[str, Any]:
    """A fault of one pipeline: of its events, of what the API answers, or of an action."""
    pipeline = {"pipeline": draw.choice(pipelines)}
    kind = draw.choices(("event", "api", "stale", "action"), weights=(5, 3, 2, 2))[0]
    if kind == "event":
        effect = draw.choice(("lose", "double", "reorder", "delay"))
        late = {"seconds": draw.uniform(1, 5)} if effect == "delay" else {}
        state = draw.choice(STATES)
        event = {"kind": "event", "detailType": PIPELINE_EVENT, "effect": effect, "state": state}
        return event | pipeline | late
    if kind == "stale":
        late = {"seconds": draw.uniform(1, 4), "times": draw.randint(1, 3)}
        return {"kind": "api", "effect": "stale", "operation": draw.choice(READS)} | pipeline | late
    if kind == "api":
        many = {"operation": draw.choice((*READS, *WRITES)), "times": draw.randint(1, 4)}
        if draw.random() < 0.5:
            return {"kind": "api", "effect": "throttle"} | many | pipeline
        broken = {
            "code": "InternalFailure",
            "status": 500,
            "when": draw.choice(("before", "after")),
        }
        return {"kind": "api", "effect": "fail"} | broken | many | pipeline
    if draw.random() < 0.5:
        return {"kind": "action", "effect": "delay", "seconds": draw.uniform(1, 6)} | pipeline
    broken = {"effect": "fail", "stage": "Deploy", "code": "JobFailed", "message": "Broke"}
    return {"kind": "action"} | broken | pipeline
