"""Make passes its variables to the command unchanged; a stand-in prints its arguments."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ODD = """it's "5$" for $(HOME) $HOME `id`; #1 \\"""
CALLS = [
    (("release", f"MANIFEST={ODD}"), ["submit", ODD]),
    (("plan", f"MANIFEST={ODD}"), ["plan", ODD]),
    (("status",), ["status"]),
    (("status", f"RELEASE={ODD}"), ["show", ODD]),
    (("cancel", f"RELEASE={ODD}"), ["cancel", ODD]),
    (("cancel", "RELEASE=1", f"REASON={ODD}"), ["cancel", "1", "--reason", ODD]),
    (("retry", f"RELEASE={ODD}"), ["retry", ODD]),
    (("rollback", f"RELEASE={ODD}"), ["rollback", ODD]),
    (("logs",), ["logs", "--follow"]),
]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with this Makefile, with stand-ins for the command and its set-up."""
    stand_ins = {
        "tools/setup/setup.sh": "",
        ".venv/bin/python": "echo export AWS_ENDPOINT_URL=http://platform",
        ".venv/bin/release-machine": 'printf "%s\\n" "$AWS_ENDPOINT_URL" "$@"; exit $ENDS_WITH',
    }
    for name, script in stand_ins.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    for name in ("Makefile", "tools/operator.sh"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def make(clone: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make in that folder."""
    # Variables of a make that runs these tests must not reach this one.
    shell = {name: os.environ[name] for name in ("PATH", "HOME")}
    return subprocess.run(
        ["make", *words],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={**shell, "AWS_ENDPOINT_URL": "http://aws", "ENDS_WITH": "0", **environment},
    )


@pytest.mark.parametrize(("words", "called"), CALLS)
def test_variables_reach_the_command_unchanged(
    clone: Path, words: tuple[str, ...], called: list[str]
) -> None:
    """Spaces, quotes and dollars are kept, from make's command line and the environment."""
    target, *given = words
    made = make(clone, "TARGET=aws", target, *given)
    assert made.stdout.splitlines() == ["http://aws", *called], made.stderr
    environment = dict(each.split("=", 1) for each in given)
    assert make(clone, target, TARGET="aws", **environment).stdout == made.stdout


def test_every_target_that_calls_the_command_is_tested() -> None:
    """Every target that calls the command is in CALLS."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    calling = re.findall(r"^(\w+):.*\n\t.*\$\(OPERATOR\)", text, re.MULTILINE)
    assert set(calling) == {words[0] for words, _ in CALLS}


def test_the_command_runs_against_the_platform_by_default(clone: Path) -> None:
    """Without TARGET the command gets the platform's settings; without a platform, exit code 3."""
    assert make(clone, "status").stdout.splitlines() == ["http://platform", "status"]
    (clone / ".venv/bin/python").write_text("#!/bin/sh\nexit 1\n")
    none = make(clone, "status")
    assert none.stdout == ""
    assert "Error 3" in none.stderr


@pytest.mark.parametrize("target", ["release", "plan", "cancel", "retry", "rollback"])
def test_a_missing_variable_is_an_error(clone: Path, target: str) -> None:
    """Without its manifest or release, a target calls nothing and names the variable."""
    made = make(clone, target, "TARGET=aws")
    assert (made.returncode, made.stdout) == (2, "")
    assert "is needed" in made.stderr


def test_make_exits_with_2_if_the_command_fails(clone: Path) -> None:
    """If the command fails, make exits with 2 and shows the command's exit code."""
    made = make(clone, "release", "MANIFEST=m.json", "TARGET=aws", ENDS_WITH="1")
    assert made.returncode == 2
    assert "Error 1" in made.stderr
