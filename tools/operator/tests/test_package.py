"""The package holds the command and the functions' shared code, and names all that both import."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SOURCES = (PACKAGE / "src" / "operator_cli", PACKAGE.parents[1] / "lambdas" / "release_core")
# Brought along by a dependency that is named.
BROUGHT = {"botocore": "boto3", "pydantic_core": "pydantic"}


def test_both_are_installed(tmp_path: Path) -> None:
    """Whoever installs the command has the shared code too, wherever it is called from."""
    script = "import operator_cli, release_core; print(release_core.__path__[0])"
    called = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert Path(called.stdout.strip()).resolve() == SOURCES[1]


def test_dependencies_are_named() -> None:
    """What the sources import is a dependency of the package, and no dependency is idle."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[<>=~!\[ ]", each)[0] for each in project["dependencies"]}
    used = {
        BROUGHT.get(name, name)
        for source in SOURCES
        for path in source.rglob("*.py")
        for name in _imported(ast.parse(path.read_text(encoding="utf-8")))
        if name not in sys.stdlib_module_names
        and name not in {"operator_cli", "release_core"}
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
