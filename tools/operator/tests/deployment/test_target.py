"""Which deployment is meant, and how AWS is reached there."""

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
    """Choose in a folder, whose parent is the person's home."""
    given = Given(command_line=command_line, environment=environment or {})
    return choose_target(given, folder=folder, home=folder.parent)


def configured(folder: Path, text: str) -> Path:
    """Write the configuration of a folder."""
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_given(tmp_path: Path) -> None:
    """Without a word it is the deployment release-machine, reached as the SDK is set."""
    assert choose(tmp_path) == Target()


def test_the_command_line_counts_most(tmp_path: Path) -> None:
    """What is typed counts more than the environment, and that more than the configuration."""
    configured(tmp_path, CONFIGURATION)
    environment = {"outputs": "of-the-shell.json", "name_prefix": "of-the-shell"}
    assert choose(tmp_path, environment, name_prefix="typed") == Target(name_prefix="typed")
    assert choose(tmp_path, environment).outputs == Path("of-the-shell.json")
    assert choose(tmp_path, {"name_prefix": "of-the-shell"}).name_prefix == "of-the-shell"
    assert choose(tmp_path).name_prefix == "shop"


def test_configuration_of_a_folder_above(tmp_path: Path) -> None:
    """The nearest configuration counts; its outputs file is meant beside it."""
    configured(tmp_path, CONFIGURATION)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert choose(below) == Target(name_prefix="shop", profile="staging", region="eu-central-1")
    found = choose(below, deployment="production")
    assert found.outputs == tmp_path / "infra/production.json"
    assert found.endpoint_url == "https://aws.example.com"


def test_configuration_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder has one, the person's own configuration counts."""
    own = tmp_path / ".config" / "release-machine"
    own.mkdir(parents=True)
    (own / "config.toml").write_text('[only]\nname_prefix = "mine"\n')
    folder = tmp_path / "somewhere"
    folder.mkdir()
    assert choose(folder).name_prefix == "mine"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    assert choose(folder) == Target()


def test_access_can_be_said_for_one_call(tmp_path: Path) -> None:
    """A profile, Region or endpoint that is typed replaces the configured one alone."""
    configured(tmp_path, CONFIGURATION)
    found = choose(tmp_path, region="us-east-1")
    assert found == Target(name_prefix="shop", profile="staging", region="us-east-1")


def test_two_deployments_at_once(tmp_path: Path) -> None:
    """A call is about one deployment."""
    with pytest.raises(UsageError, match="--outputs and --deployment both choose a deployment"):
        choose(tmp_path, outputs="o.json", deployment="production")


def test_a_deployment_without_a_configuration(tmp_path: Path) -> None:
    """A name needs a file that says what it means."""
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
    """What is wrong in a configuration is told with its file, line and key."""
    path = configured(tmp_path, text)
    with pytest.raises(UsageError, match=problem) as caught:
        choose(tmp_path)
    assert str(path) in caught.value.problem


def test_unknown_deployment(tmp_path: Path) -> None:
    """A name that the configuration does not have is answered with those it has."""
    configured(tmp_path, CONFIGURATION)
    with pytest.raises(UsageError, match="no deployment test") as caught:
        choose(tmp_path, deployment="test")
    assert caught.value.next_step == "It has: default, production."
