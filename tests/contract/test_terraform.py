"""Terraform and the functions agree: names, environment, permissions; and the demo is whole."""

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import botocore.session
import hcl2
import pytest
from botocore import xform_name

from release_core import settings
from release_core.manifest.model import Manifest
from release_machine.deployment.dead_letter_queues import queues_of
from tests.contract.import_graph import FUNCTIONS, sources_of
from tests.contract.terraform_files import terraform_files

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "open_release": settings.OpenReleaseSettings,
    "run_pipeline": settings.FunctionSettings,
    "record_state_change": settings.FunctionSettings,
    "close_release": settings.CloseReleaseSettings,
    "answer_approval": settings.AnswerApprovalSettings,
    "change_freeze": settings.FunctionSettings,
    "notify_people": settings.NotifyPeopleSettings,
}
# The prefix of a service in IAM, and its name in botocore.
SERVICES = {
    "codecommit": "codecommit",
    "codepipeline": "codepipeline",
    "dynamodb": "dynamodb",
    "ecr": "ecr",
    "events": "events",
    "s3": "s3",
    "sns": "sns",
    "ssm": "ssm",
    "states": "stepfunctions",
}
# IAM knows transactions and batches only as what they do, and a versioned read as an action of its
# own; who may not list a bucket is not told which of its objects are missing.
ALSO_NEEDED = {
    "dynamodb:TransactWriteItems": {
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    },
    "s3:GetObject": {"s3:GetObject", "s3:GetObjectVersion"},
    "s3:HeadObject": {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"},
    "sqs:ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
}
# Types that the provider gives no tags; of all others everything is tagged.
WITHOUT_TAGS = {
    "aws_api_gateway_deployment",
    "aws_api_gateway_gateway_response",
    "aws_api_gateway_integration",
    "aws_api_gateway_integration_response",
    "aws_api_gateway_method",
    "aws_api_gateway_method_response",
    "aws_api_gateway_method_settings",
    "aws_api_gateway_model",
    "aws_api_gateway_request_validator",
    "aws_api_gateway_resource",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_event_target",
    "aws_iam_role_policy",
    "aws_lambda_alias",
    "aws_lambda_function_event_invoke_config",
    "aws_lambda_permission",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
    "aws_sfn_alias",
}


@pytest.fixture(scope="module")
def terraform() -> dict[str, Any]:
    """infra/functions.tf, parsed."""
    with (ROOT / "infra/functions.tf").open() as file:
        parsed: dict[str, Any] = hcl2.load(file)
    return parsed


@pytest.fixture(scope="module")
def local_values(terraform: dict[str, Any]) -> dict[str, Any]:
    """The local values of infra/functions.tf."""
    values: dict[str, Any] = terraform["locals"][0]
    return values


def granted(terraform: dict[str, Any], document: str) -> set[str]:
    """The actions of a policy document, those of the documents it builds on included."""
    body = next(
        block['"aws_iam_policy_document"'][f'"{document}"']
        for block in terraform["data"]
        if f'"{document}"' in block.get('"aws_iam_policy_document"', {})
    )
    statements = str([body.get("statement"), body.get("dynamic")])
    actions = set(re.findall(r"'\"(\w+:[A-Z]\w+)\"'", statements))
    for base in re.findall(r"aws_iam_policy_document\.(\w+)\.json", str(body)):
        actions |= granted(terraform, base)
    return actions


def called(function: str) -> set[str]:
    """The IAM actions behind every AWS operation that the code of a function names."""
    return actions_in(sources_of(function), SERVICES)


def actions_in(sources: Iterable[Path], services: Mapping[str, str]) -> set[str]:
    """The IAM actions behind every operation of these services that these files name."""
    session = botocore.session.get_session()
    operations = {
        xform_name(operation): f"{prefix}:{operation}"
        for prefix, service in services.items()
        for operation in session.get_service_model(service).operation_names
    }
    names: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_bytes())):
            match node:
                case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    names.add(name)
    actions = {operations[name] for name in names & set(operations)}
    return set().union(*(ALSO_NEEDED.get(action, {action}) for action in actions))


def test_the_permissions_of_users_are_documented() -> None:
    """docs/deploy.md names every action that the command calls, and those of the ways out."""
    services = SERVICES | {"logs": "logs", "sqs": "sqs", "sts": "sts"}
    sources = (ROOT / "tools/operator/src").rglob("*.py")
    needed = actions_in(sources, services) | {
        "codepipeline:PutApprovalResult",
        "codepipeline:StopPipelineExecution",
        "lambda:GetFunctionConfiguration",
        "lambda:InvokeFunction",
    }
    table = (ROOT / "docs/deploy.md").read_text().partition("Users of `release-machine` need")[2]
    for action in needed:
        assert re.search(rf"\b{action.partition(':')[2]}\b", table), action


def test_every_folder_is_a_function(local_values: dict[str, Any]) -> None:
    """Folder = Terraform key, for each and no other."""
    assert sorted(local_values["functions"]) == FUNCTIONS
    assert sorted(local_values["policies"]) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_environment_is_what_the_settings_read(
    function: str, local_values: dict[str, Any]
) -> None:
    """A function is given just the variables that its settings class reads."""
    environment = str(local_values["functions"][function]["environment"])
    given = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", environment))
    if "local.every_function" in environment:
        given |= set(local_values["every_function"])
    assert given == {field.name.upper() for field in fields(SETTINGS[function])}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_do_what_it_never_does(function: str, terraform: dict[str, Any]) -> None:
    """Every action that a function is allowed is one that its code names."""
    assert granted(terraform, function) <= called(function)


def test_the_functions_may_do_all_they_do(terraform: dict[str, Any]) -> None:
    """Every action that the code names is allowed to a function; the platform would not notice."""
    allowed = set().union(*(granted(terraform, function) for function in FUNCTIONS))
    assert set().union(*map(called, FUNCTIONS)) == allowed


def test_each_permission_on_everything_says_why() -> None:
    """A statement on * has the reason on the same line: AWS has no resource type for the action."""
    lines = [line for path in terraform_files("**/*.tf") for line in path.read_text().splitlines()]
    found = [line for line in lines if re.search(r'\bresources\s*=.*"\*"', line)]
    assert found
    assert [line for line in found if not re.search(r"# [A-Z].+\.$", line)] == []


def test_no_event_meets_a_target_that_it_may_not_call() -> None:
    """What lets events in, and keeps failures, is replaced without a gap.

    Each is made before what uses it: EventBridge gives an event up at once if it may not call.
    """
    kinds = {"aws_lambda_permission", "aws_lambda_function_event_invoke_config"}
    replaced, targets = [], []
    for path in (*terraform_files(), *terraform_files("modules/*/*.tf")):
        for resource in hcl2.loads(path.read_text()).get("resource", []):
            for kind, named in resource.items():
                (body,) = named.values()
                if kind.strip('"') in kinds:
                    replaced.append(body["lifecycle"])
                if kind.strip('"') == "aws_cloudwatch_event_target":
                    targets.append(body["depends_on"])
    assert [each["create_before_destroy"] for (each,) in replaced] == [True, True, True]
    assert targets == [["${aws_lambda_permission.rule}"]]


def test_the_command_knows_every_dead_letter_queue(local_values: dict[str, Any]) -> None:
    """The queue of each rule, and of each function that events invoke, with its function."""
    known = {queue.key: queue for queue in queues_of("rm")}
    functions = {
        name
        for name, made in local_values["functions"].items()
        if made["asynchronous"] is not False
    }
    text = "".join(path.read_text() for path in terraform_files())
    of_rules = set(re.findall(r'resource "aws_cloudwatch_event_rule" "(\w+)"', text))
    assert {key for key, queue in known.items() if queue.failed} == functions
    assert {key for key, queue in known.items() if not queue.failed} == of_rules
    for key, queue in known.items():
        end = "failures" if queue.failed else "undelivered"
        assert queue.name == f"rm-{key.replace('_', '-')}-{end}"
        assert queue.function is None or queue.function in functions


@pytest.mark.parametrize(
    "file", terraform_files("**/*.tf"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_everything_is_tagged(file: Path) -> None:
    """Each resource that AWS can tag gets the tags of its module, and can so be found and paid."""
    with file.open() as text:
        resources = hcl2.load(text).get("resource", [])
    for resource in resources:
        for kind, named in resource.items():
            if kind.strip('"') not in WITHOUT_TAGS:
                (body,) = named.values()
                assert body.get("tags") in {"${local.tags}", "${var.tags}"}, named


def test_the_api_takes_every_key_of_a_manifest() -> None:
    """The API's model refuses unknown keys, so it must know just those that the manifest has."""
    text = (ROOT / "infra/api.tf").read_text()
    properties = text.partition("properties = {\n")[2].partition("\n    }")[0]
    known = {field.alias for field in Manifest.model_fields.values()}
    assert set(re.findall(r'^\s+"?([$\w]+)"?\s+=', properties, re.MULTILINE)) == known


def test_the_api_takes_null_where_a_manifest_may_have_it() -> None:
    """An optional key that may be null at the other doors may be null at the API, and no other."""
    with (ROOT / "infra/api.tf").open() as file:
        (values, *_) = hcl2.load(file)["locals"]
    properties = values["manifest_schema"]["properties"]
    by_model = Manifest.model_json_schema(by_alias=True)["properties"]
    at_the_api = {name.strip('"') for name, each in properties.items() if "null" in str(each)}
    assert at_the_api == {
        name for name, each in by_model.items() if {"type": "null"} in each.get("anyOf", [])
    }


def test_the_demos_manifests_name_its_pipelines() -> None:
    """The manifests of the demo release pipelines that the demo makes, and each has its sources."""
    demo = ROOT / "infra/demo"
    with (demo / "pipelines.tf").open() as file:
        services = hcl2.load(file)["locals"][0]["services"]
    assert set(services) == {described.stem for described in (demo / "services").glob("*.json")}
    for manifest in (demo / "manifests").glob("*.json"):
        named = set(json.loads(manifest.read_text())["pipelines"])
        assert named <= {f"shop-{service}" for service in services}, manifest.name


def test_the_version_is_that_of_the_command() -> None:
    """The version that the deployment names is the one that the command compares it with."""
    (deployed,) = re.findall(
        r'release_machine_version = "([^"]+)"', (ROOT / "infra/versions.tf").read_text()
    )
    project = tomllib.loads((ROOT / "tools/operator/pyproject.toml").read_text())["project"]
    assert deployed == project["version"]
