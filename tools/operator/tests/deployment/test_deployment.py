"""The names of a deployment."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release_core.ledger.reader import LedgerTables
from release_machine.deployment.deployment import (
    Deployment,
    find_by_prefix,
    read_open_release_settings,
    read_outputs,
)
from release_machine.deployment.session import Session
from release_machine.deployment.target import Target
from release_machine.errors import UnreachableError, UsageError
from tools.operator.tests.conftest import BEGIN, Stubbed

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:acme"
DEPLOYMENT = Deployment(
    state_machine_arn=MACHINE,
    manifest_bucket="acme-manifests-123456789012-us-east-1",
    tables=LedgerTables(
        releases="acme-releases", executions="acme-executions", pipelines="acme-pipelines"
    ),
    function_names={
        "open_release": "acme-open-release",
        "run_pipeline": "acme-run-pipeline",
        "record_state_change": "acme-record-state-change",
        "close_release": "acme-close-release",
        "answer_approval": "acme-answer-approval",
        "change_freeze": "acme-change-freeze",
        "notify_people": "acme-notify-people",
    },
)
OUTPUTS = {
    "state_machine_arn": {"value": MACHINE, "type": "string", "sensitive": False},
    "manifest_bucket": {"value": DEPLOYMENT.manifest_bucket},
    "releases_table": {"value": DEPLOYMENT.tables.releases},
    "executions_table": {"value": DEPLOYMENT.tables.executions},
    "pipelines_table": {"value": DEPLOYMENT.tables.pipelines},
    "function_names": {"value": DEPLOYMENT.function_names},
    "api_root_url": {"value": "https://example.com/v1"},
}


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """The file that `terraform output -json` writes."""
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(OUTPUTS), encoding="utf-8")
    return path


def test_terraform_outputs(outputs: Path) -> None:
    """The file has the output of `terraform output -json`."""
    assert read_outputs(outputs) == replace(DEPLOYMENT, api_url="https://example.com/v1")


NOT_OUTPUTS = "is not the output of terraform output -json"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON at line 1, column 2: expected a key in double quotes"),
        ("[]", NOT_OUTPUTS),
        ('{"state_machine_arn": "bare"}', NOT_OUTPUTS),
        ('{"state_machine_arn": {"value": "x"}}', NOT_OUTPUTS),
        ('{"state_machine_arn": {"value": 5}}', NOT_OUTPUTS),
        ("{}", "no output 'state_machine_arn'"),
    ],
)
def test_unusable_outputs(tmp_path: Path, content: str | None, problem: str) -> None:
    """A missing or invalid file is wrong usage, with the way to write it."""
    path = tmp_path / "outputs.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=problem) as raised:
        read_outputs(path)
    assert "terraform output -json" in raised.value.next_step


def found(stubbed: Stubbed, *names: str) -> Deployment:
    """The deployment acme in an account with state machines of these names, searched by prefix."""
    sfn, machines = stubbed("stepfunctions")
    sts, identity = stubbed("sts")
    identity.add_response("get_caller_identity", {"Account": "123456789012"})
    listed = [
        {"stateMachineArn": MACHINE.replace("acme", name), "name": name, "type": "STANDARD"}
        for name in names
    ]
    dated = [{**each, "creationDate": BEGIN} for each in listed]
    machines.add_response("list_state_machines", {"stateMachines": dated})
    return find_by_prefix("acme", sfn=sfn, sts=sts)


def test_names_from_aws(stubbed: Stubbed) -> None:
    """Without outputs the state machine is found by its name, and the other names follow."""
    assert found(stubbed, "acme-test", "acme") == DEPLOYMENT


def test_no_such_deployment(stubbed: Stubbed) -> None:
    """Without a state machine of that name the error names account, Region and options."""
    with pytest.raises(UnreachableError, match="123456789012, Region us-east-1") as raised:
        found(stubbed, "acme-test")
    assert "--name-prefix" in raised.value.next_step


def test_execution_arn() -> None:
    """The ARN of an execution follows from its name, for any name of the state machine."""
    machine = "arn:aws:states:us-east-1:1:stateMachine:stateMachine"
    deployment = replace(DEPLOYMENT, state_machine_arn=machine)
    arn = "arn:aws:states:us-east-1:1:execution:stateMachine:x"
    assert deployment.execution_arn("x") == arn
    assert deployment.execution_arn(arn) == arn


SETTINGS = {
    "RELEASES_TABLE": "acme-releases",
    "EXECUTIONS_TABLE": "acme-executions",
    "PIPELINES_TABLE": "acme-pipelines",
    "RECORD_RETENTION_DAYS": "365",
    "EVENT_BUS": "default",
    "LOOK_AFTER_SECONDS": "3600",
    "PIPELINE_NAME_PATTERNS": "shop-*,web",
    "MANIFEST_BUCKET": "manifests",
}


def settings_of(stubbed: Stubbed, variables: dict[str, str]) -> Any:
    """The settings of an open_release with this environment."""
    functions, answers = stubbed("lambda")
    answers.add_response(
        "get_function_configuration",
        {"Environment": {"Variables": variables}},
        {"FunctionName": "acme-open-release"},
    )
    return read_open_release_settings(DEPLOYMENT, functions)


def test_settings_come_from_the_function(stubbed: Stubbed) -> None:
    """The pipeline patterns are read from the function's configuration."""
    assert settings_of(stubbed, SETTINGS).pipeline_name_patterns == ("shop-*", "web")


def test_a_function_of_another_version(stubbed: Stubbed) -> None:
    """Settings that do not fit are an error that names the function."""
    older = {name: text for name, text in SETTINGS.items() if "PATTERNS" not in name}
    with pytest.raises(UnreachableError, match="acme-open-release was deployed by another") as told:
        settings_of(stubbed, older)
    assert "PIPELINE_NAME_PATTERNS is not set" in str(told.value)
    assert "Deploy again" in told.value.next_step


def test_the_region_of_the_outputs(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Region of the outputs wins over the shell; another --region is wrong usage."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    for given in (None, "us-east-1"):
        target = Target(outputs=outputs, region=given)
        assert Session(target).sfn.meta.region_name == "us-east-1"
    with pytest.raises(UsageError, match="in us-east-1, not in eu-west-1"):
        Session(Target(outputs=outputs, region="eu-west-1"))
    assert Session(Target()).sfn.meta.region_name == "eu-central-1"


def test_a_profile_wins_over_keys_in_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A given profile takes precedence over keys in the environment."""
    path = tmp_path / "credentials"
    path.write_text("[staging]\naws_access_key_id = staging\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "shell")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for profile, key in (("staging", "staging"), (None, "shell")):
        sts = Session(Target(profile=profile, region="eu-central-1")).client("sts")
        assert f"Credential={key}%2F" in sts.generate_presigned_url("get_caller_identity")
