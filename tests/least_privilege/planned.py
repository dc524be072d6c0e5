"""What Terraform plans to allow the roles of the release machine.

The plan has the optional parts: sources of dry runs, change calendars, tracing. So it also allows
what tests of these parts do, and the page of the permissions shows them. It has no key of the
customer: a key changes each resource, and then Terraform leaves each policy to the apply.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from tests.e2e.account.calendars import NAME as CALENDAR
from tests.iam.evaluation import Decision, Request, decide
from tools.deploy.terraform import Terraform
from tools.platform.environment import REGION

ACCOUNT = "000000000000"  # of the platform
_VERSION = "2012-10-17"


@dataclass(frozen=True, order=True)
class Permission:
    """An action on resources of one kind, which a statement allows a role.

    ``resource`` is text for people; ``statement`` is this part of the statement alone.
    """

    role: str
    sid: str
    action: str
    resource: str
    condition: str
    statement: str

    def allows(self, request: Request) -> bool:
        """Whether this permission is one that allows a request."""
        if request.action.lower() != self.action.lower():
            return False  # quicker than to evaluate the statement
        policy = {"Version": _VERSION, "Statement": json.loads(self.statement)}
        return decide([policy], request) is Decision.ALLOWED


@dataclass(frozen=True)
class Planned:
    """The policies of each role by its name; ``variables`` are Terraform's, with their values."""

    policies: Mapping[str, list[dict[str, Any]]]
    variables: Mapping[str, Any]

    @classmethod
    def in_plan(cls, plan: Mapping[str, Any]) -> "Planned":
        """Read a plan as `terraform show -json` writes it.

        Terraform leaves some policies to the apply, because something changes that they wait for.
        Those stay as they are deployed. Raises ValueError for one that is not deployed either, and
        for a managed policy, whose statements no plan shows.
        """
        before = {each["address"]: each["change"]["before"] for each in plan["resource_changes"]}
        policies: dict[str, list[dict[str, Any]]] = {}
        for resource in _resources(plan["planned_values"]["root_module"]):
            values = resource["values"]
            if resource["type"] == "aws_iam_role_policy":
                policy = values.get("policy") or (before[resource["address"]] or {}).get("policy")
                if not policy:
                    raise ValueError(f"{resource['address']}: its policy is known after an apply")
                policies.setdefault(values["role"], []).append(json.loads(policy))
            elif resource["type"] == "aws_iam_role_policy_attachment":
                raise ValueError(f"{resource['address']}: write the policy into the role instead")
        variables = {name: each.get("value") for name, each in plan["variables"].items()}
        return cls(policies, variables)

    @cached_property
    def permissions(self) -> list[Permission]:
        """All permissions in the order of the policies, role by role."""
        return [
            permission
            for role in sorted(self.policies)
            for policy in self.policies[role]
            for statement in policy["Statement"]
            for permission in self._of(role, statement)
        ]

    def _of(self, role: str, statement: Mapping[str, Any]) -> Iterator[Permission]:
        kinds: dict[str, list[str]] = {}
        for resource in sorted(_listed(statement["Resource"])):
            kinds.setdefault(self._text(resource), []).append(resource)
        for action in sorted(_listed(statement["Action"])):
            for text, resources in kinds.items():
                part = {**statement, "Action": action, "Resource": resources}
                yield Permission(
                    role=role,
                    sid=statement["Sid"],
                    action=action,
                    resource=text,
                    condition=_condition(statement.get("Condition", {})),
                    statement=json.dumps(part),
                )

    def _text(self, arn: str) -> str:
        """The resource for people: without account and Region; by its variable if it is of one."""
        if not arn.startswith("arn:"):
            return arn
        _, _, service, _, _, name = arn.split(":", 5)
        given = {
            "codecommit": ("source_arns", arn),
            "codepipeline": ("pipeline_name_patterns", name),
            "ecr": ("source_arns", arn),
            "s3": ("source_arns", arn),
            "ssm": ("change_calendars", name.removeprefix("document/")),
        }
        variable, value = given.get(service, ("", ""))
        for end in ("/*", ""):
            if value.endswith(end) and value.removesuffix(end) in self._values(variable):
                return variable + end
        # The name of the bucket for manifests ends with account and Region.
        return re.sub(r"-\d{12}-[a-z]+(-[a-z]+)+-\d", "-ACCOUNT-REGION", name)

    def _values(self, variable: str) -> list[str]:
        return list(self.variables.get(variable) or [])


def plan_everything(terraform: Terraform, manifest_bucket: str) -> Planned:
    """Plan the deployment with its optional parts; every other bucket is a source."""
    buckets = [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]]
    sources = [
        *(f"arn:aws:s3:::{name}" for name in buckets if name != manifest_bucket),
        f"arn:aws:codecommit:{REGION}:{ACCOUNT}:sources",
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/sources",
    ]
    plan = terraform.planned(
        change_calendars=json.dumps([CALENDAR]),
        release_retention_days="365",
        source_arns=json.dumps(sources),
        xray_enabled="true",
    )
    return Planned.in_plan(plan)


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _condition(condition: Mapping[str, Mapping[str, Any]]) -> str:
    """The keys and values of a condition: `events:source` = `release-machine`."""
    written = {key: values for keys in condition.values() for key, values in keys.items()}
    return ", ".join(
        f"`{key}` = {' or '.join(f'`{value}`' for value in _listed(values))}"
        for key, values in written.items()
    )


def _listed(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
