"""A dry run makes every check of a release and leaves nothing in the ledger."""

import json
from pathlib import Path

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Ledger
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import SOURCE_KEY, Estate, Pipelines, hidden, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def test_a_dry_run_ends_with_the_plan(
    releases: Releases, ledger: Ledger, pipelines: Pipelines, estate: Estate
) -> None:
    """The execution succeeds with the plan as its output; nothing is written or started."""
    release_id = unique("dry")
    before = pipelines.executions(estate.catalog)
    order = {"name": estate.orders, "dependsOn": [estate.catalog]}

    arn = releases.start(manifest(release_id, estate.catalog, order, dryRun=True))

    ended = releases.end(arn)
    assert ended["status"] == "SUCCEEDED"
    assert releases.visited(arn) == ["OpenRelease", "IsReleaseNew", "ReleasePlanned"]
    plan = json.loads(ended["output"])
    assert (plan["releaseId"], plan["valid"], plan["problems"]) == (release_id, True, [])
    catalog, orders = plan["pipelines"]
    assert (catalog["name"], catalog["type"]) == (estate.catalog, "V2")
    assert catalog["executionMode"] == "SUPERSEDED"
    assert orders["dependsOn"] == [estate.catalog]
    assert orders["startsAfterSeconds"] == catalog["usualSeconds"]
    assert plan["criticalPath"] == [estate.catalog, estate.orders]
    assert ledger.items(release_id) == ledger.items(arn) == []
    assert pipelines.executions(estate.catalog) == before


def test_a_rejected_dry_run_leaves_no_record(
    releases: Releases, ledger: Ledger, account: Account, estate: Estate
) -> None:
    """The execution's cause names every problem, also revisions that do not exist."""
    release_id, unknown = unique("dry"), unique("nowhere")
    pin = {
        "actionName": "Source",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "a-version-that-never-was",
    }
    wrong = {
        "name": estate.catalog,
        "sourceRevisions": [pin],
        "variables": {"NOT_THERE": hidden("1")},
    }

    arn = releases.start(manifest(release_id, wrong, unknown, dryRun=True))

    ended = releases.end(arn)
    assert (ended["status"], ended["error"]) == ("FAILED", "ManifestInvalid")
    assert "pipelines[0].variables.NOT_THERE" in ended["cause"]
    assert "pipelines[0].sourceRevisions[0].revisionValue" in ended["cause"]
    assert f"pipelines[1]: there is no pipeline {unknown!r}" in ended["cause"]
    # Only the end of the execution is recorded, as for every execution.
    assert ledger.header(arn) == {}
    assert ledger.items(release_id) == []


def test_a_plan_shows_what_is_in_the_way(
    releases: Releases, account: Account, pipelines: Pipelines
) -> None:
    """It shows a disabled transition, a running execution, the lock holder and new revisions."""
    busy = pipelines.make(approval=True)
    version = account.s3.head_object(Bucket=pipelines.bucket, Key=SOURCE_KEY)["VersionId"]
    account.codepipeline.disable_stage_transition(
        pipelineName=busy, stageName="Deploy", transitionType="Inbound", reason="frozen"
    )
    holder = unique("holder")
    held_by = releases.start(manifest(holder, busy))
    execution_id = releases.started(holder, busy)
    pipelines.wait_for_approval(busy, execution_id)
    plain = pipelines.make()

    arn = releases.start(manifest(unique("dry"), busy, plain, onBusy="wait", dryRun=True))

    ended = releases.end(arn)
    held, free = json.loads(ended["output"])["pipelines"]
    assert held["heldBy"] == {"releaseId": holder, "executionArn": held_by}
    assert held["disabledTransitions"] == [{"stage": "Deploy", "reason": "frozen"}]
    assert [each["executionId"] for each in held["inFlight"]] == [execution_id]
    assert free["sources"][0]["current"] == version
    releases.stop(held_by, "enough")
    releases.end(held_by)


def test_the_command_plans_with_the_callers_permissions(
    releases: Releases, ledger: Ledger, estate: Estate, tmp_path: Path
) -> None:
    """release-machine plan prints the plan of a dry run, exits with 0 or 1, and starts nothing."""
    release_id = unique("plan")
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(manifest(release_id, estate.catalog, estate.orders)))

    shown = run_command("plan", str(file))
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"Plan of release {release_id}  ✔ would be released\n")
    as_json = json.loads(run_command("plan", str(file), "--json").stdout)
    dry = releases.start(manifest(release_id, estate.catalog, estate.orders, dryRun=True))
    assert as_json == json.loads(releases.end(dry)["output"])

    file.write_text(json.dumps(manifest(release_id, "no-such-pipeline")))
    refused = run_command("plan", str(file))
    assert refused.returncode == 1
    assert "- pipelines[0]: there is no pipeline 'no-such-pipeline'" in refused.stdout
    file.write_text('{"releaseId":')
    broken = run_command("plan", str(file))
    assert broken.returncode == 2
    assert broken.stdout.startswith(f"{file}:1:14: not JSON: ")
    assert ledger.items(release_id) == []


def test_a_pipeline_outside_pipeline_name_patterns_passes_no_plan(
    account: Account, releases: Releases, pipelines: Pipelines, estate: Estate, tmp_path: Path
) -> None:
    """Command, dry run and opening reject it with the same reason and the patterns.

    The patterns of the deployment under test leave out this name.
    """
    foreign = unique("foreign")
    declared = account.codepipeline.get_pipeline(name=estate.orders)["pipeline"]
    account.codepipeline.create_pipeline(pipeline={**declared, "name": foreign})
    file = tmp_path / "manifest.json"
    document = manifest(unique("r"), estate.catalog, foreign)
    file.write_text(json.dumps(document))
    problem = (
        f"pipelines[1]: pipeline {foreign!r} does not match `pipeline_name_patterns` of this "
        "deployment (plain-*, gated-*"
    )

    planned = run_command("plan", str(file))
    assert planned.returncode == 1
    assert f"- {problem}" in planned.stdout
    online = run_command("validate", "--online", str(file))
    assert online.returncode == 2
    assert problem in online.stdout
    for arn in (releases.start(document | {"dryRun": True}), releases.start(document)):
        ended = releases.end(arn)
        assert (ended["status"], ended["error"]) == ("FAILED", "ManifestInvalid")
        assert f"- {problem}" in ended["cause"]
    assert not pipelines.executions(foreign)
