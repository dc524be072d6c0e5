"""What the whole suite has logged: nothing secret, and each line says what it is about."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from release_core import metrics
from release_core.metrics import Metric
from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import HIDDEN
from tests.worlds.logged import PACKAGES, is_about_nothing, says_what_it_is_about, tokens_in
from tests.worlds.measured import is_metrics, measured_in

pytestmark = [pytest.mark.platform, pytest.mark.alone, pytest.mark.last]

CATALOGUE = {each.name for each in vars(metrics).values() if isinstance(each, Metric)}


@pytest.fixture(scope="module")
def logged(account: Account) -> list[str]:
    """All lines of all functions and of the workflow."""
    groups = [f"/aws/lambda/{name}" for name in account.outputs["function_names"].values()]
    machine = account.outputs["state_machine_arn"].rpartition(":")[2]
    groups.append(f"/aws/vendedlogs/states/{machine}")
    return [line for group in groups for line in _lines(account, group)]


@pytest.fixture(scope="module")
def entries(logged: list[str]) -> list[dict[str, Any]]:
    """The lines of our own code."""
    parsed = [json.loads(line) for line in logged if line.startswith("{")]
    return [each for each in parsed if str(each.get("logger")).split(".")[0] in PACKAGES]


def test_no_line_has_a_task_token(logged: list[str], ledger: Ledger) -> None:
    """Whoever reads a task token can settle the task."""
    tokens = ledger.task_tokens()
    assert tokens
    assert not tokens_in(logged, tokens)


def test_no_line_has_the_value_of_a_variable(logged: list[str], ledger: Ledger) -> None:
    """Variables are no secrets, and more people read logs than manifests."""
    assert any(HIDDEN in text for text in ledger.manifests()), "no test gives variables"
    assert not [line for line in logged if HIDDEN in line]


def test_each_line_says_what_it_is_about(entries: list[dict[str, Any]]) -> None:
    """A line names its release, its workflow execution, or an execution of a pipeline."""
    assert entries
    assert not [
        each
        for each in entries
        if not says_what_it_is_about(each) and not is_about_nothing(each["logger"], each["message"])
    ]


def test_cloudwatch_can_read_each_metric(logged: list[str]) -> None:
    """Each document is a line of its own in the log, with a metric of the catalogue."""
    names = {each.name for line in logged if is_metrics(line) for each in measured_in(line)}
    assert names <= CATALOGUE
    assert {"ReleasesEnded", "PipelinesEnded", "SettleLatency"} <= names


def _lines(account: Account, group: str) -> Iterator[str]:
    pages = account.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    for page in pages:
        for event in page["events"]:
            yield event["message"].strip()
