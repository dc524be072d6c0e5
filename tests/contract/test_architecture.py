"""docs/architecture.md shows the packages that exist, in the layers that make lint checks."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
PICTURE = PAGE.partition("```mermaid\n")[2].partition("```")[0]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
PACKAGES = {
    "release_core": ROOT / "lambdas/release_core",
    "release_machine": ROOT / "tools/operator/src/release_machine",
}


def layers_of(container: str) -> list[str]:
    """The layers of a package in pyproject.toml, from top to bottom."""
    (layers,) = (each["layers"] for each in CONTRACTS if each.get("containers") == [container])
    return list(layers)


def drawn_layers_of(box: str) -> list[str]:
    """The labels in one box of the picture, in the order of its arrows."""
    content = PICTURE.partition(f"subgraph {box}[")[2].partition("\n    end")[0]
    labels = dict(re.findall(r'(\w+)\["([^"]+)"\]', content))
    arrows = dict(re.findall(r'(\w+)(?:\["[^"]+"\])? --> (\w+)', content))
    (node,) = labels.keys() - arrows.values()
    layers = [labels[node]]
    while node in arrows:
        node = arrows[node]
        layers.append(labels[node])
    assert len(layers) == len(labels)
    return layers


@pytest.mark.parametrize("container", PACKAGES)
def test_the_picture_has_the_layers_of_the_import_rules(container: str) -> None:
    """Each layer is one node, and the arrows lead from the top layer to the bottom one."""
    assert drawn_layers_of(container) == layers_of(container)


def test_the_picture_has_the_functions_above_release_core() -> None:
    """The functions and the command import release_core, and nothing imports them."""
    (top, bottom) = next(
        each["layers"] for each in CONTRACTS if "release_core" in each.get("layers", ())
    )
    assert drawn_layers_of("lambdas") == [top]
    between = set(re.findall(r"^    (\w+) --> (\w+)$", PICTURE, re.MULTILINE))
    assert between == {("lambdas", bottom), ("release_machine", bottom)}


@pytest.mark.parametrize("container", PACKAGES)
def test_every_package_is_described(container: str) -> None:
    """Every package has a row that says what it holds."""
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    described = set(re.findall(r"\w+", " ".join(rows)))
    packages = {path.parent.name for path in PACKAGES[container].glob("*/__init__.py")}
    assert packages <= described
    layered = set(re.findall(r"\w+", " ".join(layers_of(container))))
    assert packages <= layered
