"""The policies in docs/policies grant what docs/permissions.md says, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import hcl2
import pytest

from release_machine.deployment.dead_letter_queues import queues_of
from tests.iam.evaluation import allows

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5"
ACCOUNT = "eu-west-1:111122223333"
MACHINE = f"arn:aws:states:{ACCOUNT}:stateMachine:release-machine"
EXECUTION = f"arn:aws:states:{ACCOUNT}:execution:release-machine:one"
TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/release-machine-releases"
BUCKET = "arn:aws:s3:::release-machine-manifests-111122223333-eu-west-1"
APIS = "arn:aws:apigateway:eu-west-1::/restapis"
QUEUES = f"arn:aws:sqs:{ACCOUNT}"
FUNCTIONS = f"arn:aws:lambda:{ACCOUNT}:function"
PIPELINE = f"arn:aws:codepipeline:{ACCOUNT}:shop-orders"
# A request of each route of the API.
REQUESTS = {
    "POST /releases": "POST/releases",
    "POST /approvals/{approval}/{releaseId}": "POST/approvals/go-live/2026-11-22",
    "POST /freezes": "POST/freezes",
    "DELETE /freezes/{scope}": "DELETE/freezes/shop-*",
    "POST /overrides/{releaseId}": "POST/overrides/2026-11-22",
}
MAY_CALL = {
    "reader": set(),
    "approver-of-go-live": {"POST /approvals/{approval}/{releaseId}"},
    "release-manager": {"POST /releases", "POST /freezes", "DELETE /freezes/{scope}"},
    "operator": set(),
}
# botocore names the operations of these services otherwise.
_WITHOUT_MODEL = {"execute-api:Invoke", "apigateway:GET", "lambda:InvokeFunction"}
READS = re.compile(r"\w+:(BatchGet|Describe|Filter|Get|List|Query|Scan)")


def read(name: str) -> dict[str, Any]:
    """An example policy."""
    policy: dict[str, Any] = json.loads((DOCS / "policies" / f"{name}.json").read_text())
    return policy


def actions_of(policy: dict[str, Any]) -> set[str]:
    """The actions that the statements of a policy name."""
    listed = [statement["Action"] for statement in policy["Statement"]]
    return {action for each in listed for action in ([each] if isinstance(each, str) else each)}


def may_invoke(name: str, path: str, *, stage: str = "v1") -> bool:
    """Whether a policy allows a request of the API."""
    return allows(read(name), "execute-api:Invoke", f"{API}/{stage}/{path}")


def test_a_request_of_each_route_is_judged() -> None:
    """A new route needs a decision who may call it."""
    with (ROOT / "infra/api.tf").open() as file:
        parsed = hcl2.load(file)
    (routes,) = [module['"api_routes"']["routes"] for module in parsed["module"]]
    assert {route.strip('"') for route in routes} | {"POST /releases"} == set(REQUESTS)


@pytest.mark.parametrize("name", MAY_CALL)
def test_a_policy_grants_its_routes_only(name: str) -> None:
    """And these in the stage of the deployment only."""
    granted = {route for route, path in REQUESTS.items() if may_invoke(name, path)}
    assert granted == MAY_CALL[name]
    assert not any(may_invoke(name, path, stage="v2") for path in REQUESTS.values())


@pytest.mark.parametrize(
    "path",
    [
        "POST/approvals/other/2026-11-22",
        "POST/approvals/go-live-too/2026-11-22",
        "POST/approvals/go%2Dlive/2026-11-22",
        "POST/approvals/other/go-live/2026-11-22",
        "DELETE/approvals/go-live/2026-11-22",
    ],
)
def test_the_approver_of_one_approval_answers_no_other(path: str) -> None:
    """What a policy names comes first in the path, so its * stands for releases only."""
    assert not may_invoke("approver-of-go-live", path)


def test_the_approver_does_nothing_else() -> None:
    """Neither with releases nor with pipelines."""
    approver = read("approver-of-go-live")
    assert actions_of(approver) == {"execute-api:Invoke", "apigateway:GET"}


@pytest.mark.parametrize("name", [name for name, routes in MAY_CALL.items() if routes])
def test_a_caller_of_the_api_finds_it_without_an_outputs_file(name: str) -> None:
    """The command searches it by its name, in the list of all APIs. It reads nothing else there."""
    assert allows(read(name), "apigateway:GET", APIS)
    assert not allows(read(name), "apigateway:GET", f"{APIS}/a1b2c3d4e5")
    assert not allows(read(name), "apigateway:POST", APIS)


def test_the_release_manager_submits_as_the_command_does() -> None:
    """Through the bucket, where it reads the result; it reads no manifest, and deletes nothing."""
    manager, key = read("release-manager"), "release-20261122T180000Z-1a2b3c4d.json"
    assert allows(manager, "s3:PutObject", f"{BUCKET}/{key}")
    assert allows(manager, "s3:GetObject", f"{BUCKET}/{key}.result")
    assert not allows(manager, "s3:PutObject", f"{BUCKET}/{key}.result")
    assert not allows(manager, "states:ListExecutions", MACHINE)
    assert not allows(manager, "s3:PutObject", "arn:aws:s3:::other/release.json")
    assert not allows(manager, "s3:GetObject", f"{BUCKET}/release.json")
    assert not allows(manager, "s3:DeleteObject", f"{BUCKET}/release.json")


def test_the_reader_writes_nothing() -> None:
    """It may look at releases and pipelines, as `list`, `show` and `watch` do."""
    reader = read("reader")
    assert all(map(READS.match, actions_of(reader)))
    assert allows(reader, "dynamodb:Query", f"{TABLE}/index/by_time")
    assert allows(reader, "codepipeline:GetPipelineState", PIPELINE)
    assert allows(reader, "codepipeline:GetPipeline", PIPELINE)  # to say what is live, and to plan
    assert allows(reader, "states:DescribeExecution", EXECUTION)
    assert not allows(reader, "dynamodb:UpdateItem", TABLE)
    assert not allows(reader, "states:StartExecution", MACHINE)
    assert not allows(reader, "states:StopExecution", EXECUTION)
    assert not allows(reader, "dynamodb:Query", TABLE.replace("release-machine", "other"))


def test_the_release_manager_cannot_claim_the_door_of_the_api() -> None:
    """It retries, rolls back and cancels; its starts of the state machine prove no requester.

    IAM compares the ARN of the state machine also for a start through an alias or a version. Only
    the qualifier tells them apart.
    """
    manager = read("release-manager")
    assert allows(manager, "states:StartExecution", MACHINE)
    for qualifier in ("api", "1"):
        through = {"states:StateMachineQualifier": qualifier}
        assert not allows(manager, "states:StartExecution", MACHINE, **through)
    assert allows(manager, "states:StopExecution", EXECUTION)
    assert not allows(manager, "states:StartExecution", f"{MACHINE}:api")
    assert not allows(manager, "states:SendTaskSuccess", "*")
    assert not allows(manager, "codepipeline:StartPipelineExecution", PIPELINE)
    assert not allows(manager, "codepipeline:PutApprovalResult", f"{PIPELINE}/Approve/Ask")
    assert not allows(manager, "dynamodb:UpdateItem", TABLE)


def test_the_operator_handles_dead_letters_only() -> None:
    """It reads and deletes messages of dead-letter queues, and sends their events again."""
    operator = read("operator")
    for queue in queues_of("release-machine"):
        for action in ("GetQueueUrl", "GetQueueAttributes", "ReceiveMessage"):
            assert allows(operator, f"sqs:{action}", f"{QUEUES}:{queue.name}")
        assert allows(operator, "sqs:ChangeMessageVisibility", f"{QUEUES}:{queue.name}")
        assert allows(operator, "sqs:DeleteMessage", f"{QUEUES}:{queue.name}")
        if queue.function:
            name = f"release-machine-{queue.function.replace('_', '-')}"
            assert allows(operator, "lambda:InvokeFunction", f"{FUNCTIONS}:{name}:live")
    assert not allows(operator, "sqs:DeleteMessage", f"{QUEUES}:other-failures")
    assert not allows(
        operator, "sqs:SendMessage", f"{QUEUES}:release-machine-close-release-failures"
    )
    for function in ("open-release", "run-pipeline", "answer-approval"):
        arn = f"{FUNCTIONS}:release-machine-{function}:live"
        assert not allows(operator, "lambda:InvokeFunction", arn)
    assert allows(operator, "states:StartExecution", MACHINE)
    through = {"states:StateMachineQualifier": "api"}
    assert not allows(operator, "states:StartExecution", MACHINE, **through)
    assert not allows(operator, "states:StopExecution", EXECUTION)


def test_a_trust_policy_can_pin_the_names_of_sessions() -> None:
    """With the condition in docs/permissions.md, a user assumes a role under one name only."""
    (condition,) = re.findall(r"`(\"StringEquals\": .*)`", (DOCS / "permissions.md").read_text())
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    statement["Condition"] = json.loads("{" + condition + "}")
    policy = {"Version": "2012-10-17", "Statement": statement}
    own = {"aws:username": "ada", "sts:RoleSessionName": "ada"}
    assert allows(policy, "sts:AssumeRole", "role", **own)
    assert not allows(policy, "sts:AssumeRole", "role", **own | {"sts:RoleSessionName": "grace"})
    assert not allows(policy, "sts:AssumeRole", "role", **{"aws:username": "ada"})


@pytest.mark.parametrize("name", MAY_CALL)
def test_every_action_exists(name: str) -> None:
    """IAM accepts names of actions that no service has, and then grants nothing."""
    session = botocore.session.get_session()
    names = {"states": "stepfunctions"}
    for action in actions_of(read(name)) - _WITHOUT_MODEL:
        service, _, operation = action.partition(":")
        model = session.get_service_model(names.get(service, service))
        assert operation in model.operation_names


def test_the_reader_may_do_what_looking_needs() -> None:
    """As docs/deploy.md lists it, without what only an uploaded manifest needs."""
    (row,) = [
        line
        for line in (DOCS / "deploy.md").read_text().splitlines()
        if line.startswith("| look (")
    ]
    named = set(re.findall(r"`(?:\w+:)?([A-Z]\w+)`", row)) - {"GetCallerIdentity"}
    granted = {action.partition(":")[2] for action in actions_of(read("reader"))}
    assert granted == named - {"GetObject", "GetObjectVersion"}


def test_every_policy_is_documented() -> None:
    """docs/permissions.md links each example."""
    linked = set(re.findall(r"policies/([\w-]+)\.json", (DOCS / "permissions.md").read_text()))
    assert linked == {path.stem for path in (DOCS / "policies").glob("*.json")} == set(MAY_CALL)
