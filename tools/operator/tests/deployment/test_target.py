"""Choosing the deployment and the access to AWS."""

from pathlib import Path

import pytest

from release_machine.deployment.target import FILE, Given, Target, choose_target
from release_machine.errors import UsageError

CONFIGURATION = """\
[default]
name_prefix = "shop"
profile = "staging"
region = "eu-central-1"

[production]
outputs = "infra/production.json"
endpoint_url = "https://aws.example.com"
"""


@pytest.fixture(autouse=True)
def _no_configuration_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def choose(folder: Path, environment: dict[str, str] | None = None, **command_line: str) -> Target:
    """Choose in a folder inside the user's home."""
    given = Given(command_line=command_line, environment=environment or {})
    return choose_target(given, folder=folder, home=folder.parent)


def configured(folder: Path, text: str) -> Path:
    """Write the configuration file of a folder."""
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_given(tmp_path: Path) -> None:
    """Without options the deployment is release-machine, with the settings of boto3."""
    assert choose(tmp_path) == Target()


def test_the_command_line_takes_precedence(tmp_path: Path) -> None:
    """The command line wins over the environment, and that over the configuration file."""
    configured(tmp_path, CONFIGURATION)
    environment = {"outputs": "of-the-shell.json", "name_prefix": "of-the-shell"}
    assert choose(tmp_path, environment, name_prefix="typed") == Target(name_prefix="typed")
    assert choose(tmp_path, environment).outputs == Path("of-the-shell.json")
    assert choose(tmp_path, {"name_prefix": "of-the-shell"}).name_prefix == "of-the-shell"
    assert choose(tmp_path).name_prefix == "shop"


def test_configuration_in_a_folder_above(tmp_path: Path) -> None:
    """The nearest configuration file is used; its outputs path is relative to it."""
    configured(tmp_path, CONFIGURATION)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert choose(below) == Target(name_prefix="shop", profile="staging", region="eu-central-1")
    found = choose(below, deployment="production")
    assert found.outputs == tmp_path / "infra/production.json"
    assert found.endpoint_url == "https://aws.example.com"


def test_configuration_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file in a folder the user's own configuration file is used."""
    own = tmp_path / ".config" / "release-machine"
    own.mkdir(parents=True)
    (own / "config.toml").write_text('[only]\nname_prefix = "mine"\n')
    folder = tmp_path / "somewhere"
    folder.mkdir()
    assert choose(folder).name_prefix == "mine"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    assert choose(folder) == Target()


def test_access_on_the_command_line(tmp_path: Path) -> None:
    """A profile, Region or endpoint on the command line replaces only that value."""
    configured(tmp_path, CONFIGURATION)
    found = choose(tmp_path, region="us-east-1")
    assert found == Target(name_prefix="shop", profile="staging", region="us-east-1")


def test_two_deployments_at_once(tmp_path: Path) -> None:
    """A command works on one deployment."""
    with pytest.raises(UsageError, match="--outputs and --deployment both choose a deployment"):
        choose(tmp_path, outputs="o.json", deployment="production")


def test_a_deployment_without_a_configuration(tmp_path: Path) -> None:
    """--deployment needs a configuration file."""
    with pytest.raises(UsageError, match="no configuration file with") as caught:
        choose(tmp_path, deployment="production")
    assert FILE in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[default\n", "is not TOML: .*line 1"),
        ('[default]\nregoin = "eu"\n', r":2: \[default\] has an unknown key regoin\."),
        ('[a]\nregion = "eu"\n\n[b]\nregion = 7\n', r":5: region of \[b\] is not text\."),
        ('[a]\nregion = ""\n', r":2: region of \[a\] is not text\."),
        ('[a]\noutputs = "o"\nname_prefix = "n"\n', r":3: \[a\] has outputs and name_prefix"),
        ('outputs = "o.json"\n', r":1: outputs is not a table\."),
        ("[a]\n[b]\n", r"has 2 deployments and no \[default\]\."),
        ("", r"has no deployment\."),
    ],
)
def test_unusable_configurations(tmp_path: Path, text: str, problem: str) -> None:
    """A problem in a configuration file is reported with file, line and key."""
    path = configured(tmp_path, text)
    with pytest.raises(UsageError, match=problem) as caught:
        choose(tmp_path)
    assert str(path) in caught.value.problem


def test_unknown_deployment(tmp_path: Path) -> None:
    """An unknown name is answered with the names in the file."""
    configured(tmp_path, CONFIGURATION)
    with pytest.raises(UsageError, match="no deployment test") as caught:
        choose(tmp_path, deployment="test")
    assert caught.value.next_step == "It has: default, production."
