"""The command finds its deployment, completes words, and checks manifests, as it is installed."""

import json
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
    """A shell in an empty folder that says nothing of the deployment; its name and address."""
    for name in ("RELEASE_MACHINE_OUTPUTS", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    name = str(account.outputs["state_machine_arn"]).rpartition(":")[2]
    return {"name_prefix": name, "endpoint_url": account.endpoint, "region": "us-east-1"}


def test_options_stand_before_or_behind(elsewhere: dict[str, Any]) -> None:
    """Where AWS is can be said before the command and behind it; nothing else is needed."""
    options = ("--endpoint-url", elsewhere["endpoint_url"], "--region", elsewhere["region"])
    assert run_command(*options, "list").returncode == 0
    assert run_command("list", *options).returncode == 0
    assert run_command("list", *options, "--name-prefix", "other").returncode == 3


def test_configuration(elsewhere: dict[str, Any], tmp_path: Path) -> None:
    """A file in a folder above says which deployment is meant, and where it is."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in elsewhere.items()]
    path = tmp_path / "release-machine.toml"
    path.write_text("[default]\n" + "\n".join(lines) + '\n[other]\nname_prefix = "other"\n')
    assert run_command("list").returncode == 0
    unknown = run_command("list", "--deployment", "production")
    assert unknown.returncode == 2
    assert "It has: default, other." in unknown.stderr
    path.write_text("[default]\nregion = 7\n")
    wrong = run_command("list")
    assert wrong.returncode == 2
    assert f"{path}:2: region of [default] is not text." in wrong.stderr


def test_profile(
    elsewhere: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile, typed or of the configuration, says who asks and where; one by one."""
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
    """A shell that loaded the script completes commands, and the ids of releases."""
    release_id = unique("r")
    releases.end(releases.start(manifest(release_id, estate.catalog)))
    assert "validate" in completed("release-machine va", word=1)
    # Nobody who types waits for AWS: when it takes too long to answer, nothing is offered.
    wait_until(
        "the id is offered",
        lambda: completed(f"release-machine show {release_id[:6]}", word=2) == [release_id],
    )


def test_completion_without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where AWS is not reachable, nothing is offered and nothing is said."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert completed("release-machine show r", word=2) == []


def completed(line: str, *, word: int) -> list[str]:
    """What bash offers for the last word of a line."""
    script = (
        f'eval "$({COMMAND} completion bash)"; COMP_WORDS=({line}); COMP_CWORD={word}; '
        f"{'_release_machine_completion'} {COMMAND}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_validate_and_schema(estate: Estate, tmp_path: Path) -> None:
    """Problems point at line and column; --online knows the pipelines; the schema is JSON."""
    path = tmp_path / "manifest.json"
    path.write_text(
        '{\n  "releaseId": "1",\n  "pipelines": [\n    "a",\n'
        '    {"name": "b", "dependsOn": ["c"]}\n  ]\n}\n'
    )
    wrong = run_command("validate", str(path))
    assert wrong.returncode == 2
    assert wrong.stdout == (
        f"{path}:5:33: pipelines[1].dependsOn[0]: 'c' is not a pipeline of this release; add it, "
        "or remove it here\n"
    )
    path.write_text(json.dumps(manifest("1", estate.catalog, "no-such-pipeline")))
    assert run_command("validate", str(path)).returncode == 0
    online = run_command("validate", "--online", str(path))
    assert online.returncode == 2
    assert "pipelines[1]: there is no pipeline 'no-such-pipeline'" in online.stdout
    assert json.loads(run_command("schema").stdout)["title"] == "Release manifest"
