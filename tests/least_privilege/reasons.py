"""Why roles may do what no end-to-end test makes them do: one line for each group of actions.

A reason for an action that a test uses, or that is no longer allowed, fails the check.
"""

from tests.least_privilege.judgement import Reason

_MACHINE = "release-machine"
_FUNCTIONS = [
    f"{_MACHINE}-{name}"
    for name in (
        "answer-approval",
        "change-freeze",
        "close-release",
        "open-release",
        "record-state-change",
        "run-pipeline",
    )
]

REASONS = (
    Reason(
        why="A dry run looks up pins of CodeCommit and ECR, which the platform does not have.",
        actions=("codecommit:GetCommit", "ecr:DescribeImages"),
        roles=(f"{_MACHINE}-open-release",),
    ),
    Reason(
        why="Step Functions delivers the logs of the workflow itself; the platform delivers none.",
        actions=(
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        roles=(_MACHINE,),
    ),
    Reason(
        why="Lambda and Step Functions trace if `xray_enabled` is set; the platform never does.",
        actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        roles=(_MACHINE, *_FUNCTIONS),
    ),
    Reason(
        why="Step Functions asks X-Ray which executions to trace if `xray_enabled` is set.",
        actions=("xray:GetSamplingRules", "xray:GetSamplingTargets"),
        roles=(_MACHINE,),
    ),
    Reason(
        why="Step Functions watches and stops children of the Map; the platform needs no calls.",
        actions=("states:DescribeExecution", "states:StopExecution"),
        roles=(_MACHINE,),
    ),
)
