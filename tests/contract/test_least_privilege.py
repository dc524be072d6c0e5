"""The check of least privilege finds what it must, with small plans and records."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.least_privilege.judgement import Denial, Reason, denied, not_explained, outdated, unused
from tests.least_privilege.page import BEGIN, END, renewed
from tests.least_privilege.planned import Planned
from tests.least_privilege.recorded import Recorded

AT = "us-east-1:000000000000"
BUS = f"arn:aws:events:{AT}:event-bus/default"
PIPELINES = f"arn:aws:codepipeline:{AT}"
ROLE = "opener"
ANNOUNCE = {
    "Sid": "Announce",
    "Effect": "Allow",
    "Action": "events:PutEvents",
    "Resource": BUS,
    "Condition": {"StringEquals": {"events:source": "release-machine"}},
}
READ = {
    "Sid": "Read",
    "Effect": "Allow",
    "Action": ["codepipeline:GetPipeline", "codepipeline:GetPipelineState"],
    "Resource": [f"{PIPELINES}:plain-*", f"{PIPELINES}:shop-*"],
}


def plan(*statements: dict[str, Any]) -> dict[str, Any]:
    """A plan with one role, as `terraform show -json` writes it; the policy is in a module."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    resource = {
        "address": "module.function.aws_iam_role_policy.task",
        "type": "aws_iam_role_policy",
        "values": {"role": ROLE, "policy": json.dumps(policy)},
    }
    return {
        "variables": {"pipeline_name_patterns": {"value": ["plain-*", "shop-*"]}},
        "planned_values": {"root_module": {"child_modules": [{"resources": [resource]}]}},
        "resource_changes": [{"address": resource["address"], "change": {"before": None}}],
    }


def record(
    tmp_path: Path, *calls: tuple[str, str | None, dict[str, str]], role: str = ROLE
) -> Recorded:
    """A record of these calls: action, resource, condition keys."""
    path = tmp_path / "calls.jsonl"
    lines = [
        {
            "role": f"arn:aws:iam::000000000000:role/{role}",
            "action": action,
            "resource": resource,
            "context": context,
        }
        for action, resource, context in calls
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return Recorded.in_file(path, "releases")


PLANNED = Planned.in_plan(plan(ANNOUNCE, READ))
DENIAL = Denial(
    why="403 will do.", action="s3:ListBucket", role=ROLE, resource="arn:aws:s3:::manifests-*"
)
OWN_SOURCE = {"events:source": "release-machine"}


def test_calls_that_policies_allow_pass(tmp_path: Path) -> None:
    """Each with its resource and its condition keys."""
    calls = record(
        tmp_path,
        ("events:PutEvents", BUS, OWN_SOURCE),
        ("codepipeline:GetPipeline", f"{PIPELINES}:shop-web", {}),
    )
    assert denied(PLANNED, calls) == []


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("events:PutEvents", BUS, {"events:source": "other"}),
        ("events:PutEvents", BUS, {}),
        ("codepipeline:GetPipeline", f"{PIPELINES}:other", {}),
        ("codepipeline:StartPipelineExecution", f"{PIPELINES}:shop-web", {}),
        ("glue:StartJobRun", None, {}),
    ],
)
def test_a_call_that_no_policy_allows_is_named(
    tmp_path: Path, action: str, resource: str | None, context: dict[str, str]
) -> None:
    """Also one on a resource that the record does not know."""
    (wrong,) = denied(PLANNED, record(tmp_path, (action, resource, context)))
    assert ROLE in wrong
    assert action in wrong


def test_a_variant_of_the_state_machine_counts_as_it(tmp_path: Path) -> None:
    """Tests make variants, which show in seconds what the deployed one shows in an hour."""
    executions = f"arn:aws:states:{AT}:execution"
    statement = {
        "Sid": "Read",
        "Effect": "Allow",
        "Action": "states:DescribeExecution",
        "Resource": f"{executions}:releases:*",
    }
    calls = record(
        tmp_path,
        ("states:DescribeExecution", f"{executions}:machine-1a2b:one", {}),
        ("states:DescribeExecution", f"{executions}:other:one", {}),
    )
    (wrong,) = denied(Planned.in_plan(plan(statement)), calls)
    assert "other" in wrong


def test_roles_outside_the_plan_do_not_matter(tmp_path: Path) -> None:
    """Tests make roles of their own."""
    calls = record(tmp_path, ("glue:StartJobRun", "*", {}), ("glue:GetJob", None, {}), role="other")
    assert denied(PLANNED, calls) == []


def test_a_denial_explains_a_call_that_is_not_allowed(tmp_path: Path) -> None:
    """Of its role, action and resource; one that explains no call is named."""
    calls = record(tmp_path, ("s3:ListBucket", "arn:aws:s3:::manifests-1", {}))
    assert denied(PLANNED, calls, [DENIAL]) == []
    assert len(denied(PLANNED, calls, [])) == 1
    other = Denial(why="x", action="s3:ListBucket", role="other", resource="*")
    assert len(denied(PLANNED, calls, [DENIAL, other])) == 1


def test_each_action_of_a_statement_must_be_used(tmp_path: Path) -> None:
    """On one resource of a kind: pipelines are one kind, whatever patterns name them."""
    calls = record(
        tmp_path,
        ("codepipeline:GetPipeline", f"{PIPELINES}:shop-web", {}),
        ("events:PutEvents", BUS, {"events:source": "other"}),
    )
    left = unused(PLANNED, calls)
    assert [(each.sid, each.action, each.resource) for each in left] == [
        ("Announce", "events:PutEvents", "event-bus/default"),
        ("Read", "codepipeline:GetPipelineState", "pipeline_name_patterns"),
    ]


def test_each_kind_of_resource_must_be_used(tmp_path: Path) -> None:
    """A statement that names two tables allows two things."""
    tables = [f"arn:aws:dynamodb:{AT}:table/{name}" for name in ("one", "two")]
    statement = {"Sid": "Read", "Effect": "Allow", "Action": "dynamodb:Query", "Resource": tables}
    calls = record(tmp_path, ("dynamodb:Query", tables[0], {}))
    left = unused(Planned.in_plan(plan(statement)), calls)
    assert [each.resource for each in left] == ["table/two"]


def test_a_reason_explains_what_no_test_uses(tmp_path: Path) -> None:
    """For its role and action only."""
    left = unused(PLANNED, record(tmp_path))
    reason = Reason(why="Nobody listens.", actions=["events:PutEvents"], roles=[ROLE])
    named = not_explained(left, [reason])
    assert len(named) == 2
    assert all("Read" in each for each in named)
    assert list(outdated(PLANNED.permissions, left, [reason])) == []
    for wrong in (
        Reason(why="x", actions=["events:PutEvents"], roles=["other"]),
        Reason(why="x", actions=["events:PutEvents"], roles=[ROLE], resource="table/one"),
    ):
        assert len(not_explained(left, [wrong])) == 3
        assert len(list(outdated(PLANNED.permissions, left, [wrong]))) == 1


def test_a_reason_for_what_is_used_is_outdated(tmp_path: Path) -> None:
    """And so is one for an action that is no longer allowed, beside one that still holds."""
    left = unused(PLANNED, record(tmp_path, ("events:PutEvents", BUS, OWN_SOURCE)))
    actions = ["events:PutEvents", "glue:GetJob", "codepipeline:GetPipeline"]
    found = list(
        outdated(PLANNED.permissions, left, [Reason(why="x", actions=actions, roles=[ROLE])])
    )
    assert [each.split()[1] for each in found] == ["events:PutEvents", "glue:GetJob"]


def test_a_reason_may_hold_in_some_runs_only(tmp_path: Path) -> None:
    """What depends on timing may be used or not; what is not allowed needs no reason in any run."""
    calls = record(tmp_path, ("events:PutEvents", BUS, OWN_SOURCE))
    reason = Reason(
        why="x",
        actions=["events:PutEvents", "codepipeline:GetPipeline", "glue:GetJob"],
        roles=[ROLE],
        depends_on_timing=True,
    )
    (found,) = outdated(PLANNED.permissions, unused(PLANNED, calls), [reason])
    assert "glue:GetJob" in found


def test_the_page_shows_statements_and_reasons() -> None:
    """Between its marks; the rest stays."""
    reason = Reason(why="Nobody listens.", actions=["events:PutEvents"], roles=[ROLE])
    text = renewed(f"Before\n{BEGIN}old{END}After\n", PLANNED.permissions, [reason], [DENIAL])
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    assert "old" not in text
    assert (
        "| Announce | `events:PutEvents` | `event-bus/default`,"
        " only with `events:source` = `release-machine` |" in text
    )
    assert (
        "| Read | `codepipeline:GetPipeline`, `codepipeline:GetPipelineState` |"
        " `pipeline_name_patterns` |" in text
    )
    assert f"| `events:PutEvents` | `{ROLE}` | Nobody listens. |" in text
    assert f"| `s3:ListBucket` on `arn:aws:s3:::manifests-*` | `{ROLE}` | 403 will do. |" in text


def test_a_plan_without_the_text_of_a_policy_is_refused() -> None:
    """A policy is unknown as long as a resource that it names does not exist."""
    unknown = plan(READ)
    (child,) = unknown["planned_values"]["root_module"]["child_modules"]
    del child["resources"][0]["values"]["policy"]
    with pytest.raises(ValueError, match="known after an apply"):
        Planned.in_plan(unknown)


def test_a_policy_that_a_plan_leaves_to_the_apply_stays_as_deployed() -> None:
    """Terraform does so when anything changes that the policy waits for."""
    unknown = plan(READ)
    (child,) = unknown["planned_values"]["root_module"]["child_modules"]
    deployed = {"policy": child["resources"][0]["values"].pop("policy")}
    unknown["resource_changes"][0]["change"]["before"] = deployed
    assert Planned.in_plan(unknown).permissions == Planned.in_plan(plan(READ)).permissions


def test_a_managed_policy_is_refused() -> None:
    """A plan does not show what it allows."""
    managed = plan(READ)
    (child,) = managed["planned_values"]["root_module"]["child_modules"]
    child["resources"][0] |= {"type": "aws_iam_role_policy_attachment", "address": "attached"}
    with pytest.raises(ValueError, match="attached"):
        Planned.in_plan(managed)
