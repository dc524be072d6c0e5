"""--version names the version of the command and of the deployment, and says when they differ."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from release_core.settings import OpenReleaseSettings
from release_machine.errors import UnreachableError
from release_machine.terminal import versions
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws


def deployed(aws: FakeAws, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment of that version, however it is chosen."""
    settings = OpenReleaseSettings(
        releases_table="r",
        executions_table="e",
        pipelines_table="p",
        record_retention_days=365,
        event_bus="default",
        look_after_seconds=3600,
        pipeline_name_patterns=("*",),
        manifest_bucket="m",
        deployed_version=version,
    )
    chosen = SimpleNamespace(settings=settings, deployment=aws.deployment)
    monkeypatch.setattr(versions, "Session", lambda *_, **__: chosen)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (versions.VERSION, "release-machine in us-east-1 has the same version."),
        ("0.9.0", "release-machine in us-east-1 has another version: 0.9.0. Install the command"),
        ("", "release-machine in us-east-1 is older than 0.3.0: it does not name its version."),
    ],
)
def test_the_version_of_the_deployment(
    run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch, found: str, told: str
) -> None:
    """The first line is the command's version alone; the second is about the deployment."""
    deployed(aws, found, monkeypatch)
    result = run("--version")
    first, second = result.stdout.splitlines()
    assert (result.exit_code, first) == (0, versions.VERSION)
    assert told in second


def test_a_deployment_that_cannot_be_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without AWS the version of the command is printed, and the reason for the rest on stderr."""

    def away(*_: object, **__: object) -> None:
        raise UnreachableError("AWS does not answer.", "Try again.")

    monkeypatch.setattr(versions, "Session", away)
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"{versions.VERSION}\n")
    assert result.stderr == "The deployment cannot be asked. AWS does not answer.\n"


@pytest.mark.parametrize("order", [("--version", "--outputs"), ("--outputs", "--version")])
def test_the_options_choose_the_deployment(
    run: Run, tmp_path: Path, order: tuple[str, ...]
) -> None:
    """The other global options count before and after --version."""
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"state_machine_arn": {"value": "no ARN"}}))
    words = [word for each in order for word in ((each, outputs.name)[: 1 + (each != "--version")])]
    assert "outputs.json is not the output of terraform" in run(*words).stderr
