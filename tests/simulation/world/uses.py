"""The IAM actions that the functions' calls need."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from botocore import xform_name
from botocore.session import get_session

# The resources, as Terraform writes them.
_PIPELINES = "local.pipeline_arns"
_STAGES = '[for arn in local.pipeline_arns : "${arn}/*"]'
_MANIFESTS = "${aws_s3_bucket.manifests.arn}/*"
_RESULTS = "${aws_s3_bucket.manifests.arn}/*.result"
_BUS = "data.aws_cloudwatch_event_bus.default.arn"
_EXECUTIONS = "${local.executions_arn}:*"
_CALENDARS = "local.calendar_arns"


class Use(NamedTuple):
    """An action as IAM names it, on a resource as Terraform writes it."""

    function: str
    action: str
    resource: str


# Simulated releases are submitted directly, without an S3 object, a plan or pinned revisions, and
# no condition fails a stage. No release with approvals has a calendar.
NOT_SIMULATED = {
    Use("open_release", "ssm:GetCalendarState", _CALENDARS),
    Use("answer_approval", "ssm:GetCalendarState", _CALENDARS),
    Use("open_release", "s3:GetObject", _MANIFESTS),
    Use("open_release", "s3:GetObjectVersion", _MANIFESTS),
    Use("open_release", "s3:PutObject", _RESULTS),
    Use("close_release", "s3:GetObject", _RESULTS),
    Use("close_release", "s3:PutObject", _RESULTS),
    Use("open_release", "codepipeline:GetPipelineState", _PIPELINES),
    Use("close_release", "codepipeline:ListRuleExecutions", _PIPELINES),
    Use("answer_approval", "codepipeline:ListRuleExecutions", _PIPELINES),
}
SEEN: set[Use] = set()
_KINDS: set[tuple[object, ...]] = set()


def note(function: str, service: str, method: str, request: Mapping[str, Any]) -> None:
    """Add the IAM actions of a call to SEEN; `function` is the name on AWS."""
    kind = (function, method, request.get("TableName"), request.get("IndexName"))
    # There are millions of calls of a few kinds; only these calls can differ within a kind.
    if kind in _KINDS and not request.keys() & {"TransactItems", "RequestItems"}:
        return
    _KINDS.add(kind)
    SEEN.update(_uses(function, service, method, request))


def _uses(function: str, service: str, method: str, request: Mapping[str, Any]) -> Iterator[Use]:
    name = function.removeprefix("release-machine-").replace("-", "_")
    operation = _operations(service)[method]
    match service:
        case "dynamodb":
            for action, resource in _accesses(operation, request):
                yield Use(name, f"dynamodb:{action}", resource)
        case "codepipeline":
            resource = _STAGES if "stageName" in request else _PIPELINES
            yield Use(name, f"codepipeline:{operation}", resource)
        case "stepfunctions":
            resource = "*" if "taskToken" in request else _EXECUTIONS
            yield Use(name, f"states:{operation}", resource)
        case "events":
            yield Use(name, f"events:{operation}", _BUS)
        case "ssm":
            yield Use(name, f"ssm:{operation}", _CALENDARS)
        case other:
            raise LookupError(f"the IAM actions of {other} are not known here; add them")


@cache
def _operations(service: str) -> dict[str, str]:
    """The operation of each method of a boto3 client."""
    names = get_session().get_service_model(service).operation_names
    return {xform_name(name): name for name in names}


def _accesses(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions, and the tables or indexes, of a DynamoDB request."""
    match request:
        case {"TransactItems": items}:
            for item in items:
                for kind, detail in item.items():
                    yield f"{kind}Item", f"aws_dynamodb_table.{detail['TableName']}.arn"
        case {"RequestItems": tables}:
            for table in tables:
                yield operation, f"aws_dynamodb_table.{table}.arn"
        case {"TableName": table, "IndexName": index}:
            yield operation, f"${{aws_dynamodb_table.{table}.arn}}/index/{index}"
        case {"TableName": table}:
            yield operation, f"aws_dynamodb_table.{table}.arn"
