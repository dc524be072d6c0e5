"""The README agrees with the code."""

import json
import re
from pathlib import Path
from typing import Any

import localstack_fixes
from localstack_change_calendar.faults import EFFECTS
from localstack_change_calendar.faults import Faults as CalendarFaults
from localstack_codepipeline.actions import PROVIDERS
from localstack_codepipeline.faults import MEMBERS, Faults
from localstack_codepipeline.model.service import OPERATIONS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_each_kind_of_fault_has_an_example_that_works() -> None:
    """The README has a valid example for every kind of fault."""
    added = map(Faults().add, examples("codepipeline"))
    assert {(fault["kind"], fault["effect"]) for fault in added} == MEMBERS.keys()
    added = map(CalendarFaults().add, examples("ssm"))
    assert {fault["effect"] for fault in added} == EFFECTS.keys()


def examples(service: str) -> list[Any]:
    """The faults that the README sends to the endpoint of this service."""
    sent = re.findall(rf"^curl -d '(.+)' \$AWS_ENDPOINT_URL/_{service}/", README, re.MULTILINE)
    return [json.loads(text) for text in sent]


def test_each_operation_and_provider_is_listed() -> None:
    """The README lists exactly the operations and providers that exist."""
    table = README.partition("## Operations")[2].partition("## Modes")[0]
    cells = re.findall(r"^\| ([A-Z]\w+(?:, \w+)*) \|", table, re.MULTILINE)
    assert {name for cell in cells for name in cell.split(", ")} == OPERATIONS.keys()
    kinds = re.findall(r"^\| (\w+ / \w+ / \w+) \|", README, re.MULTILINE)
    assert {tuple(kind.split(" / ")) for kind in kinds} == PROVIDERS.keys()


def test_each_repair_is_listed() -> None:
    """The README lists exactly the modules of the repairs."""
    table = README.partition("## Where the plugin makes LocalStack behave as AWS")[2]
    modules = {path.stem for path in Path(localstack_fixes.__file__).parent.glob("*.py")}
    listed = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert listed == modules - {"__init__", "plugins"}
