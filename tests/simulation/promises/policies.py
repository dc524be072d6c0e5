"""What the policies in infra/functions.tf allow each function, as Terraform writes it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hcl2

from tests.simulation.world.uses import Use

POLICIES = Path(__file__).parents[3] / "infra/functions.tf"


def allowed(function: str) -> set[Use]:
    """The actions and resources that the policy of a function allows."""
    with POLICIES.open(encoding="utf-8") as file:
        documents = {
            name.strip('"'): body
            for block in hcl2.load(file)["data"]
            for name, body in block.get('"aws_iam_policy_document"', {}).items()
        }
    return {Use(function, *each) for each in _statements(documents, function)}


def _statements(documents: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """The actions and resources of a policy, including those of the policies it extends."""
    body = documents[name]
    for statement in [*body.get("statement", []), *_with_calendars(body)]:
        resources = statement["resources"]
        for action in statement["actions"]:
            for resource in resources if isinstance(resources, list) else [resources]:
                yield action.strip('"'), _spelled(resource)
    for base in re.findall(r"aws_iam_policy_document\.(\w+)\.json", str(body)):
        yield from _statements(documents, base)


def _with_calendars(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statements that a policy has in a deployment with change calendars.

    No dry run is simulated, so those for the sources of revisions are left out.
    """
    for block in body.get("dynamic", []):
        (dynamic,) = block.values()
        if "[local.calendar_arns]" in dynamic["for_each"]:
            for statement in dynamic["content"]:
                yield {**statement, "resources": "local.calendar_arns"}


def _spelled(expression: str) -> str:
    """A Terraform expression without its quotes, or without the braces around it."""
    if expression.startswith('"'):
        return expression.strip('"')
    return expression.removeprefix("${").removesuffix("}")
