"""The package holds the command and the code it shares with the functions, and runs alone."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools.build_functions import find_uv
from tools.dist import build_command

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = (PACKAGE / "src" / "release_machine", ROOT / "lambdas" / "release_core")
KINDS = (".py", ".css", ".js", ".svg", ".html")
# Modules that a named dependency installs.
BROUGHT = {
    "botocore": "boto3",
    "pydantic_core": "pydantic",
    "typing_extensions": "typing-extensions",
}


def test_both_are_installed(tmp_path: Path) -> None:
    """The installed command finds the shared code, from any folder."""
    script = "import release_machine, release_core; print(release_core.__path__[0])"
    called = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert Path(called.stdout.strip()).resolve() == SOURCES[1]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy of the sources that the distributions were built from."""
    return tmp_path_factory.mktemp("work") / "copy"


@pytest.fixture(scope="module")
def built(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source distribution, as `make dist` publishes them."""
    folder = tmp_path_factory.mktemp("dist")
    build_command(work, folder)
    return folder


def test_the_wheel_is_whole(built: Path, work: Path) -> None:
    """Built from the source distribution, apart from this repository, the wheel has both in it."""
    (wheel,) = built.glob("*.whl")
    with ZipFile(wheel) as files:
        held = {name for name in files.namelist() if name.endswith(KINDS)}
    assert held == {
        f"{source.name}/{path.relative_to(source)}"
        for source in SOURCES
        for path in source.rglob("*.*")
        if path.suffix in KINDS
    }
    # Leftovers of a build end up in the next one where they lie in a folder that both have.
    assert not (work / ".build").exists()
    assert [each.name for each in (work / "tools").iterdir()] == ["operator"]


def test_the_same_sources_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """Anybody can build the published files again and compare their checksums."""
    build_command(tmp_path / "work", tmp_path / "again")
    for file in built.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


@pytest.mark.parametrize("pattern", ["*.whl", "*.tar.gz"])
def test_it_runs_without_the_repository(built: Path, tmp_path: Path, pattern: str) -> None:
    """Installed into an empty environment, the command checks a manifest with its own code."""
    (distribution,) = built.glob(pattern)
    python = install(distribution, tmp_path, python=sys.executable)
    command = python.with_name("release-machine")
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"releaseId": "2026.11.22-1", "pipelines": ["catalog", "orders"]}')

    def run(*words: Path | str) -> str:
        return subprocess.run(
            words, capture_output=True, text=True, check=True, cwd=tmp_path, env={}
        ).stdout

    assert run(command, "--version") == f"{PROJECT['version']}\n"
    assert "valid, release 2026.11.22-1, 2 pipelines" in run(command, "validate", manifest)
    script = "import release_machine, release_core; print(*release_core.__path__)"
    assert run(python, "-c", script).startswith(str(tmp_path / "venv"))


def test_it_runs_on_the_oldest_python(built: Path, tmp_path: Path) -> None:
    """On the oldest Python that the package allows, all of its modules can be imported."""
    oldest = PROJECT["requires-python"].removeprefix(">=")
    try:
        interpreter = uv("python", "find", "--system", "--no-python-downloads", oldest).strip()
    except subprocess.CalledProcessError:
        pytest.skip(f"this machine has no Python {oldest}")
    (wheel,) = built.glob("*.whl")
    everything = (
        f"{PROJECT['name']}[{','.join(PROJECT['optional-dependencies'])}] @ {wheel.as_uri()}"
    )
    python = install(everything, tmp_path, python=interpreter)
    script = (
        "import importlib, pkgutil, sys, release_core, release_machine\n"
        "for package in (release_core, release_machine):\n"
        "    for each in pkgutil.walk_packages(package.__path__, f'{package.__name__}.'):\n"
        "        importlib.import_module(each.name)\n"
        "print('{}.{}'.format(*sys.version_info))"
    )
    called = subprocess.run(
        [python, "-W", "error", "-c", script], capture_output=True, text=True, check=False, env={}
    )
    assert (called.stdout, called.stderr) == (f"{oldest}\n", "")


def install(distribution: Path | str, folder: Path, *, python: str) -> Path:
    """The Python of a new environment in the folder that has the distribution."""
    environment = folder / "venv"
    uv("venv", "--python", python, environment)
    # Any versions that the package allows would do; these have been downloaded by the set-up.
    constraints = ("--constraints", ROOT / "requirements/dev.txt")
    locked = (*constraints, "--build-constraints", ROOT / "requirements/bootstrap.txt")
    uv("pip", "install", "--python", environment / "bin/python", *locked, distribution)
    return environment / "bin/python"


def uv(*words: Path | str) -> str:
    """What uv prints, without what the caller's shell may have set for it."""
    environment = {**os.environ, "VIRTUAL_ENV": ""}
    return subprocess.run(
        [find_uv(), *words], capture_output=True, text=True, check=True, env=environment
    ).stdout


def test_dependencies_are_named() -> None:
    """The dependencies of the package are exactly the packages that its sources import."""
    wanted = chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    named = {re.split(r"[<>=~!\[ ]", each)[0] for each in wanted}
    used = {
        BROUGHT.get(name, name)
        for source in SOURCES
        for path in source.rglob("*.py")
        for name in _imported(ast.parse(path.read_text(encoding="utf-8")))
        if name not in sys.stdlib_module_names
        and name not in {"release_machine", "release_core"}
        # Stubs, which only type checkers load.
        and not name.startswith("types_")
    }
    assert used == named


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
