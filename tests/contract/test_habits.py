"""The changelog, the editor's settings and the hooks before a commit agree with the code."""

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

from packaging.version import Version

from tests.simulation.explored import SMALL
from tests.simulation.mutants.mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def toml(path: str) -> dict[str, Any]:
    """A TOML file of this repository."""
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


def test_the_version_is_the_newest_one_or_leads_to_the_next() -> None:
    """Between two versions the command says so: what is unreleased belongs to no version yet."""
    version = Version(toml("tools/operator/pyproject.toml")["project"]["version"])
    newest, *_ = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)
    unreleased = CHANGELOG.partition("## [Unreleased]")[2].partition("\n## [")[0].strip()
    if unreleased:
        assert version.is_devrelease
        assert version > Version(newest)
    else:
        assert version == Version(newest)


def test_versions_are_in_order() -> None:
    """Unreleased changes come first, then each version with its date, the newest first."""
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    dated = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\S+)", each) for each in headings[1:]]
    versions = [(*map(int, each.groups()[:3]), each[4]) for each in dated if each]
    assert len(versions) == len(dated)
    assert versions == sorted(versions, reverse=True)


def test_a_commit_calls_the_linters_of_make() -> None:
    """pre-commit has one hook, which is what CI calls first; so there is one list of linters."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^ +(?:- )?(repo|entry|language): (.+)$", hooks, re.MULTILINE) == [
        ("repo", "local"),
        ("entry", "make lint"),
        ("language", "system"),
    ]
    assert "make lint" in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


def test_editors_indent_as_the_formatters_do() -> None:
    """The longest line of Python is ruff's, and Makefiles have tabs."""
    settings = ConfigParser()
    settings.read_string("[top]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))
    assert (
        settings["*.py"].getint("max_line_length")
        == toml("pyproject.toml")["tool"]["ruff"]["line-length"]
    )
    assert settings["Makefile"]["indent_style"] == "tab"


def test_contributors_can_run_what_is_shown() -> None:
    """The scenario and the mutant that CONTRIBUTING.md names exist."""
    shown = re.findall(
        r'tests\.simulation (\w+) "(.+)"', (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    )
    names = {"explore": {each.name for each in SMALL}, "mutants": {each.name for each in MUTANTS}}
    assert {command for command, _ in shown} == names.keys()
    assert all(name in names[command] for command, name in shown)
