"""Why roles may do what no end-to-end test makes them do: a line for each group of actions.

A reason for an action that a test uses, or that is no longer allowed, fails the check.

The functions that advance a release share one policy. Which of them does a step depends on which is
first. ``test_policies_allow_exactly_the_simulated_calls`` proves for each function that some order
of events makes it call each action of the policy.
"""

from tests.least_privilege.judgement import Denial, Reason

MACHINE = "release-machine"


def _named(*functions: str) -> tuple[str, ...]:
    """The roles of functions."""
    return tuple(f"{MACHINE}-{function}" for function in functions)


_VOTE = _named("answer-approval")
_RUN = _named("run-pipeline")
_RECORD = _named("record-state-change")
_CLOSE = _named("close-release")
_OPEN = _named("open-release")
_FREEZE = _named("change-freeze")
_PEOPLE = _named("notify-people")
_FUNCTIONS = (*_VOTE, *_FREEZE, *_CLOSE, *_PEOPLE, *_OPEN, *_RECORD, *_RUN)

_NOT_ON_THE_PLATFORM = (
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
        roles=(MACHINE,),
    ),
    Reason(
        why="Lambda and Step Functions trace if `xray_enabled` is set; the platform never does.",
        actions=("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        roles=(MACHINE, *_FUNCTIONS),
    ),
    Reason(
        why="Step Functions asks X-Ray which executions to trace if `xray_enabled` is set.",
        actions=("xray:GetSamplingRules", "xray:GetSamplingTargets"),
        roles=(MACHINE,),
    ),
    Reason(
        why="Step Functions watches and stops children of the Map; the platform needs no calls.",
        actions=("states:DescribeExecution", "states:StopExecution"),
        roles=(MACHINE,),
    ),
    Reason(
        why="A dry run looks up revisions of CodeCommit and ECR, which the platform does not have.",
        actions=("codecommit:GetBranch", "codecommit:GetCommit", "ecr:DescribeImages"),
        roles=_OPEN,
    ),
)

_OTHER_ARNS = (
    Reason(
        why="IAM compares the ARN of the machine; this one is for a start that names a version.",
        actions=("states:StartExecution",),
        roles=(MACHINE,),
        resource="stateMachine:release-machine:*",
    ),
    Reason(
        why="IAM compares the ARN of the machine; this one is for a start that names the alias.",
        actions=("states:StartExecution",),
        roles=_named("api"),
        resource="stateMachine:release-machine:api",
    ),
    Reason(
        why="IAM compares the ARN of the machine; this one is for a start that names the alias.",
        actions=("states:StartExecution",),
        roles=_named("manifest-dropped"),
        resource="stateMachine:release-machine:live",
    ),
)

_UNVERSIONED = tuple(
    Reason(
        why="Executions of a deployment without versions invoke the function itself.",
        actions=("lambda:InvokeFunction",),
        roles=(MACHINE,),
        resource=f"function:{function}",
    )
    for function in (*_CLOSE, *_OPEN, *_RUN)
)

_NOT_TESTED = (
    Reason(
        why="A dry run says until when calendars are closed; unit tests plan with calendars.",
        actions=("ssm:GetCalendarState",),
        roles=_OPEN,
    ),
    Reason(
        why="A start that calendars hold is tested in another function; all starts are one code.",
        actions=("ssm:GetCalendarState",),
        roles=(*_VOTE, *_RECORD),
        depends_on_timing=True,
    ),
    Reason(
        why="Lambda keeps an event on which a function has failed in all its tries.",
        actions=("sqs:SendMessage",),
        roles=(*_FREEZE, *_CLOSE, *_PEOPLE, *_RECORD),
        depends_on_timing=True,
    ),
    Reason(
        why="`release_retention_days` is not set in the tests; unit tests delete expired releases.",
        actions=("dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"),
        roles=_CLOSE,
    ),
)

_WHICHEVER_IS_FIRST = (
    Reason(
        why="Wakes the releases that wait for a pipeline, if the opening is what sets it free.",
        actions=("states:SendTaskSuccess",),
        roles=_OPEN,
        depends_on_timing=True,
    ),
    Reason(
        why="Announces what another function could not announce.",
        actions=("events:PutEvents",),
        roles=(*_VOTE, *_RUN),
        depends_on_timing=True,
    ),
    Reason(
        why="Takes over or frees the lock of a pipeline that has ended meanwhile.",
        actions=("dynamodb:BatchGetItem", "dynamodb:UpdateItem"),
        roles=(*_VOTE, *_RECORD, *_RUN),
        resource="table/release-machine-pipelines",
        depends_on_timing=True,
    ),
    Reason(
        why="Reads the record of a pipeline that has started or ended while people answered.",
        actions=("dynamodb:BatchGetItem",),
        roles=_VOTE,
        resource="table/release-machine-executions",
        depends_on_timing=True,
    ),
    Reason(
        why="Looks for a start whose answer was lost.",
        actions=("codepipeline:ListPipelineExecutions",),
        roles=(*_VOTE, *_RECORD, *_RUN),
        depends_on_timing=True,
    ),
    Reason(
        why="Reads the condition that has failed a stage, in the function that records the end.",
        actions=("codepipeline:ListRuleExecutions",),
        roles=(*_VOTE, *_CLOSE, *_RECORD, *_RUN),
        depends_on_timing=True,
    ),
    Reason(
        why="Looks at pipelines, repeats stages, and stops what starts behind a vote that ends it.",
        actions=(
            "codepipeline:GetPipeline",
            "codepipeline:GetPipelineExecution",
            "codepipeline:GetPipelineState",
            "codepipeline:ListActionExecutions",
            "codepipeline:RetryStageExecution",
            "codepipeline:StopPipelineExecution",
        ),
        roles=_VOTE,
        depends_on_timing=True,
    ),
    Reason(
        why="Asks whether the workflow execution still runs, when an answer comes late.",
        actions=("states:DescribeExecution",),
        roles=_VOTE,
        depends_on_timing=True,
    ),
    Reason(
        why="Repeats a stage whose time has come, if this function is the first to see it.",
        actions=("codepipeline:RetryStageExecution",),
        roles=(*_RECORD, *_RUN),
        depends_on_timing=True,
    ),
)

REASONS = (*_NOT_ON_THE_PLATFORM, *_OTHER_ARNS, *_UNVERSIONED, *_NOT_TESTED, *_WHICHEVER_IS_FIRST)

DENIALS = (
    Denial(
        why="Without it, S3 answers 403 for a manifest that is gone. It is unreadable either way.",
        action="s3:ListBucket",
        role=f"{MACHINE}-open-release",
        resource="arn:aws:s3:::release-machine-manifests-*",
    ),
)
