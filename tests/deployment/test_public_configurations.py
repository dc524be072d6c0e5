"""Configurations with the shapes of public ones: applied, planned again, changed, destroyed.

Terraform repeats for many minutes a call that a service answers with status 500. So each step has
a longest time, and a step that takes longer fails.
"""

import json
import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tools.deploy.target import terraform_settings

ROOT = Path(__file__).parents[2]
TFLOCAL = ROOT / ".venv/bin/tflocal"
LONGEST = 420
UNCHANGED, CHANGED = 0, 2  # exit codes of `plan -detailed-exitcode`

pytestmark = pytest.mark.platform


class Terraform:
    """One root, copied into a folder of its own."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.folder = shutil.copytree(source, folder)
        assert self.run("init").returncode == 0

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Terraform to its end; fail with its output if it takes too long."""
        words = [str(TFLOCAL), command, "-input=false", "-no-color", *options]
        environment = os.environ | terraform_settings() | {"TF_IN_AUTOMATION": "1"}
        try:
            return subprocess.run(
                words,
                cwd=self.folder,
                env=environment,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired as error:
            pytest.fail(f"terraform {command} took more than {LONGEST} s:\n{error.output}")

    def change(self, command: str, *options: str) -> None:
        """Apply or destroy; fail with Terraform's output."""
        done = self.run(command, "-auto-approve", *options)
        assert done.returncode == 0, done.stdout

    def plan(self, *options: str) -> int:
        """Return the exit code of a plan; fail with Terraform's output if it cannot plan."""
        done = self.run("plan", "-detailed-exitcode", *options)
        assert done.returncode in {UNCHANGED, CHANGED}, done.stdout
        return done.returncode

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources of the state."""
        state = json.loads((self.folder / "terraform.tfstate").read_text())
        return [one for one in state["resources"] if one["mode"] == "managed"]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """All configurations, applied for the first time; destroyed however the tests end."""
    terraform = Terraform(
        Path(__file__).with_name("shapes"), tmp_path_factory.mktemp("public") / "shapes"
    )
    yield terraform
    if terraform.resources():
        terraform.change("destroy")


def started_by_the_rule() -> list[str]:
    """Return the ids of the executions that an EventBridge rule started."""
    listed = boto3.client("codepipeline").list_pipeline_executions(pipelineName="public-event")
    return [
        one["pipelineExecutionId"]
        for one in listed["pipelineExecutionSummaries"]
        if one["trigger"]["triggerType"] == "CloudWatchEvent"
    ]


def test_configurations_are_applied_changed_and_destroyed(shapes: Terraform) -> None:
    """A second plan shows no difference, a change is applied, and a destroy leaves nothing."""
    shapes.change("apply")
    assert shapes.plan() == UNCHANGED, shapes.run("plan").stdout
    upload_starts_the_pipeline()
    changed = ("-var=changed=true",)
    assert shapes.plan(*changed) == CHANGED
    shapes.change("apply", *changed)
    assert shapes.plan(*changed) == UNCHANGED, shapes.run("plan", *changed).stdout
    shapes.change("destroy", *changed)
    assert shapes.resources() == []
    left = boto3.client("codepipeline").list_pipelines()["pipelines"]
    assert [one["name"] for one in left if "public" in one["name"]] == []


def upload_starts_the_pipeline() -> None:
    """Upload the source: the rule of the configuration starts its pipeline, which finds it."""
    assert started_by_the_rule() == []
    boto3.client("s3").put_object(Bucket="public-event-source", Key="app.zip", Body=b"new")
    deadline = time.monotonic() + 30
    while not (started := started_by_the_rule()):
        assert time.monotonic() < deadline, "the rule started no execution within 30 s"
    client, named = boto3.client("codepipeline"), {"pipelineName": "public-event"}
    while True:
        found = client.get_pipeline_execution(**named, pipelineExecutionId=started[0])
        if found["pipelineExecution"]["artifactRevisions"]:
            return
        assert time.monotonic() < deadline, "the execution found no source within 30 s"


def test_function_of_another_runtime_is_refused_at_once(tmp_path: Path) -> None:
    """The apply fails with the reason, and the destroy ends."""
    archive = tmp_path / "function.zip"
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("index.js", "exports.handler = async () => 1")
    terraform = Terraform(Path(__file__).with_name("other_runtimes"), tmp_path / "root")
    given = f"-var=archive={archive}"
    applied = terraform.run("apply", "-auto-approve", given)
    assert applied.returncode == 1
    assert "cannot run on this platform: its runtime is nodejs22.x" in " ".join(
        applied.stdout.split()
    )
    terraform.change("destroy", given)
    assert terraform.resources() == []
