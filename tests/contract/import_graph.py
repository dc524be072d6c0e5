"""What the code of a function imports, directly or not: import-linter's graph of lambdas/."""

from functools import cache
from pathlib import Path

import grimp

LAMBDAS = Path(__file__).parents[2] / "lambdas"
FUNCTIONS = sorted(handler.parent.name for handler in LAMBDAS.glob("*/handler.py"))


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "release_core",
        *FUNCTIONS,
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def _imports_of(function: str) -> set[str]:
    graph = _graph()
    own = {function} | graph.find_descendants(function)
    return own | graph.find_upstream_modules(function, as_package=True)


def sources_of(function: str) -> list[Path]:
    """The files below lambdas/ that a function imports, with its own."""
    paths = (LAMBDAS.joinpath(*name.split(".")) for name in _imports_of(function))
    candidates = (
        file for path in paths for file in (path / "__init__.py", path.with_suffix(".py"))
    )
    return sorted(file for file in candidates if file.is_file())


def foreign_to(function: str) -> set[str]:
    """The packages from elsewhere that a function imports, such as boto3."""
    return {name for name in _imports_of(function) if _graph().is_module_squashed(name)}
