"""The key policy in docs/deploy.md lets AWS's services use the key for what Terraform makes."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import hcl2
import pytest

ROOT = Path(__file__).parents[2]
ACCOUNT = "eu-west-1:111122223333"


@pytest.fixture(scope="module")
def statements() -> dict[str, dict[str, Any]]:
    """The statements of the policy, by their Sid."""
    section = (ROOT / "docs/deploy.md").read_text("utf-8").partition("## Your own key")[2]
    policy = section.partition("```json\n")[2].partition("```")[0]
    return {each["Sid"]: each for each in json.loads(policy)["Statement"]}


def log_groups() -> list[str]:
    """The names of the log groups of a deployment, as Terraform writes them."""
    found = []
    for file in ("api", "state_machine", "modules/microfunction/main"):
        with (ROOT / f"infra/{file}.tf").open() as text:
            for resource in hcl2.load(text)["resource"]:
                made = resource.get('"aws_cloudwatch_log_group"', {})
                found += [body["name"].strip('"') for body in made.values()]
    prefixed = [name.replace("${var.name_prefix}", "release-machine") for name in found]
    return [name.replace("${var.name}", "release-machine-run-pipeline") for name in prefixed]


def test_cloudwatch_keeps_every_log(statements: dict[str, dict[str, Any]]) -> None:
    """The condition matches the name of each log group that uses the key."""
    statement = statements["LetCloudWatchKeepLogs"]
    assert statement["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    pattern = statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    groups = log_groups()
    assert len(groups) == 3
    for group in groups:
        assert fnmatchcase(f"arn:aws:logs:{ACCOUNT}:log-group:{group}", pattern), group


def test_eventbridge_keeps_what_no_target_took(statements: dict[str, dict[str, Any]]) -> None:
    """The rules put events into the encrypted dead-letter queues."""
    statement = statements["LetEventBridgeKeepUndelivered"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    pattern = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    assert fnmatchcase(f"arn:aws:events:{ACCOUNT}:rule/release-machine-state-changed", pattern)
    assert not fnmatchcase(f"arn:aws:events:{ACCOUNT}:rule/other-state-changed", pattern)


def test_every_action_on_the_key_exists(statements: dict[str, dict[str, Any]]) -> None:
    """KMS rejects no action that it does not know, and then grants nothing."""
    operations = botocore.session.get_session().get_service_model("kms").operation_names
    listed = [each["Action"] for each in statements.values()]
    actions = {action for each in listed for action in ([each] if isinstance(each, str) else each)}
    for action in actions:
        assert [name for name in operations if fnmatchcase(f"kms:{name}", action)], action
