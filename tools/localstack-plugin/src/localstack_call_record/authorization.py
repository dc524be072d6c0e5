"""What IAM is asked when a call arrives: actions, resources and condition keys.

It knows the services that functions and workflows call. IAM names an action otherwise than the API
names its operation where one operation does several things: a transaction, a batch, or a version of
an object.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

# The names of these services in IAM.
_PREFIXES = {"stepfunctions": "states"}
_OF_A_STAGE = {
    "DisableStageTransition",
    "EnableStageTransition",
    "OverrideStageCondition",
    "RetryStageExecution",
    "RollbackStage",
}
_ANY = "*"


class Needed(NamedTuple):
    """One action on one resource; the resource is None where this module does not know it.

    ``context`` holds the condition keys of the request.
    """

    action: str
    resource: str | None
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a call arrives."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and Region; an ARN stays as it is."""
        if resource.startswith("arn:"):
            return resource
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Call:
    """A call: service and operation as botocore names them; ``status`` is of the HTTP answer."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    place: Place
    status: int = 200


def needed(call: Call) -> list[Needed]:
    """The permissions that a call needs; one with an unknown resource where a rule is missing."""
    rule = _RULES.get(call.service, _unknown)
    try:
        return list(rule(call))
    except KeyError:  # without the parameter that names the resource
        return list(_unknown(call))


def _action(call: Call) -> str:
    return f"{_PREFIXES.get(call.service, call.service)}:{call.operation}"


def _unknown(call: Call) -> Iterator[Needed]:
    yield Needed(_action(call), None)


def _dynamodb(call: Call) -> Iterator[Needed]:
    given = call.parameters
    if "TransactItems" in given:
        for item in given["TransactItems"]:
            for kind, detail in item.items():
                yield Needed(f"dynamodb:{kind}Item", _table(call, detail["TableName"]))
    elif "RequestItems" in given:
        for table in given["RequestItems"]:
            yield Needed(_action(call), _table(call, table))
    else:
        table = _table(call, given["TableName"])
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        yield Needed(_action(call), table + index)


def _table(call: Call, name: str) -> str:
    return name if name.startswith("arn:") else call.place.arn("dynamodb", f"table/{name}")


def _s3(call: Call) -> Iterator[Needed]:
    bucket = f"arn:{call.place.partition}:s3:::{call.parameters['Bucket']}"
    match call.operation:
        case "GetObject" | "HeadObject":
            version = "Version" if call.parameters.get("VersionId") else ""
            yield Needed(f"s3:GetObject{version}", f"{bucket}/{call.parameters['Key']}")
            if call.status == HTTPStatus.NOT_FOUND:  # without it, S3 answers 403
                yield Needed("s3:ListBucket", bucket)
        case "PutObject":
            yield Needed("s3:PutObject", f"{bucket}/{call.parameters['Key']}")
        case "ListObjects" | "ListObjectsV2" | "HeadBucket":
            yield Needed("s3:ListBucket", bucket)
        case _:
            yield from _unknown(call)


def _states(call: Call) -> Iterator[Needed]:
    given = call.parameters
    if "taskToken" in given:
        yield Needed(_action(call), _ANY)
    elif call.operation == "StartExecution":
        # arn:...:stateMachine:NAME, with an alias or a version behind the name
        *machine, name = given["stateMachineArn"].split(":stateMachine:")
        name, _, qualifier = name.partition(":")
        context = (("states:StateMachineQualifier", qualifier),) if qualifier else ()
        yield Needed(_action(call), ":stateMachine:".join([*machine, name]), context)
    else:
        yield Needed(_action(call), given["executionArn"])


def _codepipeline(call: Call) -> Iterator[Needed]:
    given = call.parameters
    resource = given["pipelineName"] if "pipelineName" in given else given["name"]
    if call.operation in _OF_A_STAGE:
        resource += f"/{given['stageName']}"
    elif call.operation == "PutApprovalResult":
        resource += f"/{given['stageName']}/{given['actionName']}"
    yield Needed(_action(call), call.place.arn("codepipeline", resource))


def _events(call: Call) -> Iterator[Needed]:
    for entry in call.parameters["Entries"]:
        bus = entry.get("EventBusName", "default")
        resource = bus if bus.startswith("arn:") else f"event-bus/{bus}"
        context = (("events:detail-type", entry["DetailType"]), ("events:source", entry["Source"]))
        yield Needed(_action(call), call.place.arn("events", resource), context)


def _ssm(call: Call) -> Iterator[Needed]:
    for calendar in call.parameters["CalendarNames"]:
        name = calendar if calendar.startswith("arn:") else f"document/{calendar}"
        yield Needed(_action(call), call.place.arn("ssm", name))


def _lambda(call: Call) -> Iterator[Needed]:
    if call.operation != "Invoke":
        yield from _unknown(call)
        return
    name, qualifier = call.parameters["FunctionName"], call.parameters.get("Qualifier")
    function = name if name.startswith("arn:") else f"function:{name}"
    suffix = f":{qualifier}" if qualifier else ""
    yield Needed("lambda:InvokeFunction", call.place.arn("lambda", function) + suffix)


def _logs(call: Call) -> Iterator[Needed]:
    if call.operation == "CreateLogGroup":
        # LocalStack tries it for each log stream. Lambda does it only where the group is missing.
        if call.status == HTTPStatus.OK:
            yield Needed(_action(call), call.place.arn("logs", _group(call)))
        return
    stream = f"log-stream:{call.parameters['logStreamName']}"
    yield Needed(_action(call), call.place.arn("logs", f"{_group(call)}:{stream}"))


def _group(call: Call) -> str:
    return f"log-group:{call.parameters['logGroupName']}"


def _sts(call: Call) -> Iterator[Needed]:
    if call.operation == "AssumeRole":
        yield Needed(_action(call), call.parameters["RoleArn"])
    elif call.operation != "GetCallerIdentity":  # which everybody may call
        yield from _unknown(call)


def _sqs(call: Call) -> Iterator[Needed]:
    name = call.parameters["QueueUrl"].rpartition("/")[2]
    yield Needed(_action(call), call.place.arn("sqs", name))


def _sns(call: Call) -> Iterator[Needed]:
    yield Needed(_action(call), call.parameters["TopicArn"])


def _cloudwatch(call: Call) -> Iterator[Needed]:
    context = (("cloudwatch:namespace", call.parameters["Namespace"]),)
    yield Needed(_action(call), _ANY, context)


def _codecommit(call: Call) -> Iterator[Needed]:
    yield Needed(_action(call), call.place.arn("codecommit", call.parameters["repositoryName"]))


def _ecr(call: Call) -> Iterator[Needed]:
    name = f"repository/{call.parameters['repositoryName']}"
    yield Needed(_action(call), call.place.arn("ecr", name))


_RULES = {
    "cloudwatch": _cloudwatch,
    "codecommit": _codecommit,
    "codepipeline": _codepipeline,
    "dynamodb": _dynamodb,
    "ecr": _ecr,
    "events": _events,
    "lambda": _lambda,
    "logs": _logs,
    "s3": _s3,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "stepfunctions": _states,
    "sts": _sts,
}
