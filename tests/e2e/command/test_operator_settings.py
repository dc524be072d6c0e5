"""The installed command finds its deployment and completes words."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import COMMAND, run_command
from tests.e2e.releasing.pipelines import Estate, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


@pytest.fixture
def elsewhere(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A shell in an empty folder without settings; the deployment's name and address."""
    for name in ("RELEASE_MACHINE_OUTPUTS", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    name = str(account.outputs["state_machine_arn"]).rpartition(":")[2]
    return {"name_prefix": name, "endpoint_url": account.endpoint, "region": "us-east-1"}


def test_options_before_or_after_the_command(elsewhere: dict[str, Any]) -> None:
    """Endpoint and Region may stand before and after the command; nothing else is needed."""
    options = ("--endpoint-url", elsewhere["endpoint_url"], "--region", elsewhere["region"])
    assert run_command(*options, "list").returncode == 0
    assert run_command("list", *options).returncode == 0
    assert run_command("list", *options, "--name-prefix", "other").returncode == 3


def test_profile(
    elsewhere: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile, given as an option or in the configuration, names credentials and endpoint."""
    config = tmp_path / "config"
    keys = "region = us-east-1\naws_access_key_id = test\naws_secret_access_key = test\n"
    config.write_text(f"[profile here]\nendpoint_url = {elsewhere['endpoint_url']}\n{keys}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert run_command("list").returncode == 3
    assert run_command("list", "--profile", "here").returncode == 0
    path = tmp_path / "release-machine.toml"
    path.write_text(f'[default]\nname_prefix = "{elsewhere["name_prefix"]}"\nprofile = "here"\n')
    assert run_command("list").returncode == 0
    unknown = run_command("list", "--profile", "none")
    assert unknown.returncode == 3
    assert "(none)" in unknown.stderr


def test_completion_in_bash(releases: Releases, estate: Estate) -> None:
    """bash with the script completes commands and release ids."""
    release_id = unique("r")
    releases.end(releases.start(manifest(release_id, estate.catalog)))
    assert "validate" in completed("release-machine va", word=1)
    # When AWS answers too late, nothing is offered, so that the reader does not wait.
    wait_until(
        "bash offers the release id",
        lambda: completed(f"release-machine show {release_id[:6]}", word=2) == [release_id],
    )


def completed(line: str, *, word: int) -> list[str]:
    """Return what bash offers for the last word of a line."""
    script = (
        f'eval "$({COMMAND} completion bash)"; COMP_WORDS=({line}); COMP_CWORD={word}; '
        f"{'_release_machine_completion'} {COMMAND}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stderr == ""
    return done.stdout.split()
