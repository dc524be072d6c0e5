"""Every module that logs does so with the log that says what a line is about."""

import ast
from pathlib import Path

import pytest

LAMBDAS = Path(__file__).resolve().parents[2] / "lambdas"
LOGS = "release_core/logs.py"
MODULES = sorted(str(each.relative_to(LAMBDAS)) for each in LAMBDAS.glob("**/*.py"))


@pytest.mark.parametrize("module", [each for each in MODULES if each != LOGS])
def test_a_module_logs_with_its_subject(module: str) -> None:
    """Only ``release_core/logs.py`` uses ``logging``; nothing prints but what writes metrics."""
    tree = ast.parse((LAMBDAS / module).read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "logging" not in imported, "use release_core.logs.log_of"
    assert "print" not in named
    streams = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not streams & {"stdout", "stderr"} or module == "release_core/metrics.py"
