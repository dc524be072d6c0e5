"""The command line: loading, help and shell completion."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.shell_completion import CompletionItem, ShellComplete

from release_core.domain.release import ReleaseStatus
from release_machine.cli import COMMANDS, cli
from release_machine.errors import UnreachableError
from release_machine.terminal import aws_command
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.asking_release import FREEZE, asking
from tools.operator.tests.samples.fake_deployment import FakeAws

every_command = pytest.mark.parametrize("name", COMMANDS)


def command_of(name: str) -> click.Command:
    """The command of that name."""
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


@every_command
def test_help(run: Run, name: str) -> None:
    """The help of each command begins like the list of commands, and has examples."""
    command = command_of(name)
    assert (command.help or "").splitlines()[0] == COMMANDS[name][1]
    told = run(name, "--help").stdout
    assert "Examples:" in told
    assert f"release-machine {name}" in told


def test_the_pattern_of_unfreeze(run: Run) -> None:
    """The help says that it is what freeze takes as an option."""
    assert "PATTERN is the value that freeze had for --pipelines" in run("unfreeze", "-h").stdout


@pytest.mark.parametrize(
    ("call", "heavy"),
    [
        (
            "from release_machine.cli import cli; cli(['--help'], standalone_mode=False)",
            {"boto3", "botocore", "pydantic", "rich"},
        ),
        ("from release_machine.commands import validate", {"boto3", "botocore"}),
    ],
    ids=("help", "checking"),
)
def test_nothing_slow_is_loaded(call: str, heavy: set[str]) -> None:
    """The help loads neither boto3, pydantic nor rich, and validate loads no boto3."""
    script = f"import sys; {call}; sys.exit(bool({heavy} & set(sys.modules)))"
    called = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert called.returncode == 0, called.stderr


def test_unknown_command(run: Run) -> None:
    """An unknown command is answered with the list of commands."""
    result = run("state")
    assert result.exit_code == 2
    assert "There is no command state." in result.stderr
    assert "submit" in result.stderr


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete "),
        ("zsh", "autoload -Uz compinit"),
        ("fish", 'string split --max 1 "," $completion'),
    ],
)
def test_completion_scripts(run: Run, shell: str, part: str) -> None:
    """Each shell has its own script.

    zsh gets compdef without a setup of its own; fish keeps what follows a comma.
    """
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_RELEASE_MACHINE_COMPLETE={shell}_complete" in result.stdout
    assert part in result.stdout


def test_completion_of_the_current_shell(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument it is the current shell; an unknown shell is wrong usage."""
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert "#compdef release-machine" in run("completion").stdout
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    result = run("completion")
    assert result.exit_code == 2
    assert "Name one of these: bash, zsh, fish." in result.stderr


def offered(incomplete: str, *, to: str = "show") -> list[CompletionItem]:
    """The ids that a command offers for RELEASE."""
    command = command_of(to)
    (argument, *_) = command.params
    return argument.shell_complete(click.Context(command), incomplete)


def test_release_ids_are_completed(aws: FakeAws) -> None:
    """The latest releases whose id begins so are offered, with their status."""
    (item,) = offered("2026")
    assert (item.value, item.help) == ("2026.11.22-1", "SUCCEEDED")
    assert offered("5.") == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cancel", ["running"]),
        ("approve", ["running"]),
        ("retry", ["failed"]),
        ("rollback", ["failed", "succeeded"]),
        ("watch", ["running", "failed", "succeeded", "rejected", "back"]),
    ],
)
def test_each_command_offers_suitable_releases(
    aws: FakeAws, command: str, expected: list[str]
) -> None:
    """cancel offers running releases, retry failed ones, and so on."""
    release = aws.releases["2026.11.22-1"]
    aws.releases = {
        name: replace(release, release_id=name, status=ReleaseStatus(name.upper()))
        for name in ("running", "failed", "succeeded", "rejected")
    }
    back = replace(release, release_id="back", status=ReleaseStatus.FAILED, rolled_back_by="x")
    aws.releases["back"] = back
    assert [item.value for item in offered("", to=command)] == expected


def test_names_and_scopes_are_completed(aws: FakeAws) -> None:
    """approve offers what can be answered in its release, and unfreeze what is frozen."""
    aws.releases, aws.freezes = {"2026.11.22-1": asking()}, (FREEZE,)
    command = command_of("approve")
    name = next(each for each in command.params if each.name == "name")
    context = click.Context(command)
    context.params = {"release_id": "2026.11.22-1"}
    assert [each.value for each in name.shell_complete(context, "")] == [
        "shop-payments",
        "go-live",
        "announce",
    ]
    assert [each.value for each in name.shell_complete(context, "g")] == ["go-live"]
    context.params = {"release_id": "none"}
    assert name.shell_complete(context, "") == []
    assert [each.value for each in offered("shop", to="unfreeze")] == ["shop-*"]


@pytest.mark.parametrize(("command", "parameter"), [("status", "scopes"), ("list", "pipelines")])
def test_pipelines_are_completed(aws: FakeAws, command: str, parameter: str) -> None:
    """Those that a release has used are offered."""
    names = next(each for each in command_of(command).params if each.name == parameter)
    context = click.Context(command_of(command))
    assert [each.value for each in names.shell_complete(context, "")] == [
        "catalog",
        "orders",
        "web",
    ]
    assert [each.value for each in names.shell_complete(context, "o")] == ["orders"]


def completed(*words: str) -> list[tuple[str, str]]:
    """What is offered for the last of these words, by kind and value."""
    *before, incomplete = words
    complete = ShellComplete(cli, {}, "release-machine", "_RELEASE_MACHINE_COMPLETE")
    return [(item.type, item.value) for item in complete.get_completions(list(before), incomplete)]


def test_target_options_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files for --outputs and configured names for --deployment, before and after a command."""
    monkeypatch.chdir(tmp_path)
    text = '[default]\nname_prefix = "a"\n[production]\nname_prefix = "b"\n'
    Path("release-machine.toml").write_text(text)
    assert completed("--outputs", "") == [("file", "")]
    assert completed("list", "--outputs", "") == [("file", "")]
    assert completed("--deployment", "p") == [("plain", "production")]
    assert completed("list", "--dep") == [("plain", "--deployment")]
    Path("release-machine.toml").write_text("no TOML")
    assert completed("--deployment", "") == []


def test_completion_is_silent_without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer from AWS nothing is offered, and nothing is printed."""

    def away(*_: object, **__: object) -> None:
        raise UnreachableError("AWS does not answer.", "Try again.")

    monkeypatch.setattr(aws_command, "Session", away)
    assert offered("2026") == []
