"""Each function's zip holds every package that the function imports."""

import ast
import re
import sys

import pytest

from tests.contract.import_graph import FUNCTIONS, LAMBDAS, foreign_to
from tools.build_functions import our_sources

# AWS's runtime brings these (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html).
IN_THE_RUNTIME = {"boto3", "botocore"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_import_is_shipped(function: str) -> None:
    """The standard library, the runtime or the function's lock has each package it imports."""
    lock = our_sources().lock(function)
    locked = re.findall(r"^([\w-]+)==", lock.read_text(), re.MULTILINE) if lock else []
    shipped = {name.replace("-", "_") for name in locked}
    assert foreign_to(function) <= sys.stdlib_module_names | IN_THE_RUNTIME | shipped


def test_packages_import_nothing_themselves() -> None:
    """The graph of imports does not follow a package's own code, so a package has none."""
    for package in LAMBDAS.rglob("__init__.py"):
        (docstring,) = ast.parse(package.read_text(encoding="utf-8")).body
        assert isinstance(docstring, ast.Expr), package
