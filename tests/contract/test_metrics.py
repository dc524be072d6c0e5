"""The metrics of the code, of the reference and of the dashboard are the same."""

import re
from pathlib import Path

from release_core import metrics
from release_core.metrics import NAMESPACE, Metric

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = {name: each for name, each in vars(metrics).items() if isinstance(each, Metric)}


def test_the_reference_has_each_metric() -> None:
    """The table has the name, the unit and the second dimension of each, and no other metric."""
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (?:`(\w+)`)? ?\|", text, re.MULTILINE)
    assert sorted(rows) == sorted(
        (each.name, each.unit, each.by or "") for each in CATALOGUE.values()
    )


def test_the_dashboard_shows_each_metric() -> None:
    """It reads every metric that is measured, and none that is not."""
    text = (ROOT / "infra/dashboard.tf").read_text(encoding="utf-8")
    shown = set(re.findall(rf'"{NAMESPACE}", "(\w+)"', text))
    assert shown == {each.name for each in CATALOGUE.values()}


def test_each_metric_is_measured() -> None:
    """A function writes each of them."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "lambdas").glob("**/*.py")
        if path.name != "metrics.py"
    ]
    assert {name for name in CATALOGUE if not any(name in text for text in texts)} == set()
