"""docs/scale.md has the numbers of the code, of Terraform and of the simulation of throughput."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from release_core.decide.timing import START_PATIENCE, THROTTLED_PATIENCE
from release_core.manifest.limits import MAX_PIPELINES
from release_core.rollback.manifest import MAX_BYTES as MAX_KEPT
from release_core.strict_json import MAX_BYTES
from tests.contract.event_patterns import rule_patterns
from tests.simulation.throughput.table import PAGE, renewed, tables

ROOT = Path(__file__).resolve().parents[2]
TEXT = PAGE.read_text(encoding="utf-8")
EVENTS = ROOT / "infra/events.tf"


def terraform(path: str, pattern: str) -> int:
    """The one number that a pattern finds in a file of Terraform."""
    (number,) = re.findall(pattern, (ROOT / "infra" / path).read_text(encoding="utf-8"))
    return int(number)


def limit(beginning: str) -> str:
    """The row of the limits that begins with these words."""
    (row,) = re.findall(rf"^\| {re.escape(beginning)}.*$", TEXT, re.MULTILINE)
    return str(row)


def test_the_tables_are_those_of_the_simulation() -> None:
    """``make docs`` changes nothing."""
    assert renewed(TEXT, tables()) == TEXT


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    """A table is never dropped silently."""
    with pytest.raises(LookupError, match="'sizes'"):
        renewed("no marks", {"sizes": "| a table |"})


def test_limits_of_the_code_are_named() -> None:
    """The limits that the code sets have their numbers in the table."""
    assert f"at most {MAX_PIPELINES:,}" in limit("CodePipeline: pipelines")
    patience = f"{THROTTLED_PATIENCE // timedelta(hours=1)} hours"
    assert f"{START_PATIENCE // timedelta(minutes=1)} minutes" in limit("Time in which a start is")
    assert patience in limit("Time in which a start is tried again")
    assert f"| {MAX_BYTES // 1024} KiB" in limit("Manifest")
    assert f"{MAX_KEPT:,} bytes" in limit("DynamoDB: item")


def test_limits_of_terraform_are_named() -> None:
    """Timeouts, and the lengths that Terraform refuses to exceed."""
    seconds = terraform("functions.tf", r"timeout_seconds = (\d+) # Reads and locks")
    assert f"| {seconds} seconds" in limit("GetPipeline at the opening")
    pattern = terraform("events.tf", r"longest_event_pattern = (\d+)")
    assert f"| {pattern:,} (" in limit("EventBridge: characters")
    policy = terraform("modules/microfunction/main.tf", r"most_policy_characters = (\d+)")
    assert f"| {policy:,} (" in limit("IAM: characters")


def test_the_number_of_deployments_is_that_of_their_rules() -> None:
    """A deployment has five rules at most, one of them with wildcards at most."""
    rules = re.findall(r'^resource "aws_cloudwatch_event_rule"', EVENTS.read_text(), re.MULTILINE)
    row = limit("EventBridge: rules on a bus")
    assert f"{300 // len(rules)} deployments, or {100 // len(rules)}" in row
    names = re.findall(r"(?:local|aws_\w+)(?:\.\w+)+", EVENTS.read_text())
    patterns = rule_patterns(EVENTS, {**dict.fromkeys(names, "a name"), **WITH_WILDCARD})
    assert [name for name, rule in patterns.items() if "wildcard" in str(rule)] == ["state_changed"]
    assert "30 deployments" in limit("EventBridge: rules with wildcards")


WITH_WILDCARD = {
    "local.of_driven_pipelines": {"detail": {"pipeline": [{"wildcard": "shop-*"}]}},
}
