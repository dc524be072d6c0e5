"""The package contains the command and the shared code, with all dependencies."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
SOURCES = (PACKAGE / "src" / "release_machine", ROOT / "lambdas" / "release_core")
BUILDER = ROOT / ".platform" / "bootstrap" / "bin" / "python"
# Installed by another dependency.
BROUGHT = {"botocore": "boto3", "pydantic_core": "pydantic"}


def test_both_are_installed(tmp_path: Path) -> None:
    """An installation has the shared code, too, wherever it is called from."""
    script = "import release_machine, release_core; print(release_core.__path__[0])"
    called = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert Path(called.stdout.strip()).resolve() == SOURCES[1]


def test_a_wheel_of_the_source_distribution_is_complete(tmp_path: Path) -> None:
    """Built as by `uv build`, outside of this repository, it has both packages."""
    repository, elsewhere, wheels = (tmp_path / each for each in ("here", "elsewhere", "wheels"))
    for source in (PACKAGE, SOURCES[1]):
        leftovers = shutil.ignore_patterns("*.egg-info", "__pycache__")
        copy = repository / source.relative_to(ROOT)
        shutil.copytree(source, copy, ignore=leftovers)
    build("sdist", repository / "tools/operator", elsewhere)
    (packed,) = elsewhere.glob("*.tar.gz")
    shutil.unpack_archive(packed, elsewhere, filter="data")
    build("wheel", elsewhere / packed.name.removesuffix(".tar.gz"), wheels)
    (wheel,) = wheels.iterdir()
    with ZipFile(wheel) as files:
        held = {name for name in files.namelist() if name.endswith((".py", ".css", ".js", ".html"))}
    assert held == {
        f"{source.name}/{path.relative_to(source)}"
        for source in SOURCES
        for path in source.rglob("*.*")
        if path.suffix in {".py", ".css", ".js", ".html"}
    }
    # Leftovers in a shared folder would end up in the next build.
    assert not (tmp_path / ".build").exists()
    assert [each.name for each in (repository / "tools").iterdir()] == ["operator"]


def build(what: str, source: Path, into: Path) -> None:
    """Call the build backend of the setup."""
    into.mkdir(parents=True)
    script = f"from setuptools import build_meta; build_meta.build_{what}({str(into)!r})"
    subprocess.run([BUILDER, "-c", script], capture_output=True, check=True, cwd=source)


def test_dependencies_are_named() -> None:
    """The dependencies are exactly what the sources import."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[<>=~!\[ ]", each)[0] for each in project["dependencies"]}
    used = {
        BROUGHT.get(name, name)
        for source in SOURCES
        for path in source.rglob("*.py")
        for name in _imported(ast.parse(path.read_text(encoding="utf-8")))
        if name not in sys.stdlib_module_names
        and name not in {"release_machine", "release_core"}
        # Stubs, only for type checkers.
        and not name.startswith("types_")
    }
    assert used == named


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
