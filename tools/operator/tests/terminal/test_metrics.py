"""``metrics`` reads a window up to now, of all pipelines or of some."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from release_machine.dora.deployments import Deployment, Outcome, Window
from release_machine.dora.figures import Dora, figures
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws


@dataclass
class FakeReader:
    """Answers with one deployment an hour ago, and keeps what it was asked."""

    asked: list[tuple[Window, Sequence[str]]] = field(default_factory=list)

    def read(self, window: Window, *, pipelines: Sequence[str], at: datetime) -> Dora:
        assert at == window.until
        self.asked.append((window, pipelines))
        ended_at = at - timedelta(hours=1)
        run = Deployment(pipeline="orders", release_id="r", ended_at=ended_at, outcome=Outcome.LIVE)
        return figures([run], window)


@pytest.fixture
def reader(aws: FakeAws) -> FakeReader:
    """The reader of the deployment."""
    made = FakeReader()
    aws.dora = made
    return made


def test_the_last_thirty_days(run: Run, reader: FakeReader) -> None:
    """That is what is asked by default."""
    shown = run("metrics")
    assert shown.exit_code == 0
    assert "Metrics of 30 days" in shown.stdout
    ((window, pipelines),) = reader.asked
    assert (window.days, pipelines) == (30, ())


def test_some_pipelines_since_a_time(run: Run, reader: FakeReader) -> None:
    """As JSON."""
    shown = run("metrics", "--since", "12h", "--pipeline", "web", "--pipeline", "orders", "--json")
    assert json.loads(shown.stdout)["all"]["live"] == 1
    ((window, pipelines),) = reader.asked
    assert (window.days, pipelines) == (0.5, ("web", "orders"))


@pytest.mark.parametrize(
    ("since", "problem"),
    [
        ("0d", "is not in the past"),
        ("2999-01-01", "is not in the past"),
        ("0001-01-01", "is more than 3653 days ago"),
        ("3654d", "is more than 3653 days ago"),
    ],
)
def test_a_window_without_a_length(run: Run, reader: FakeReader, since: str, problem: str) -> None:
    """It is wrong usage, before anything is read."""
    refused = run("metrics", "--since", since)
    assert refused.exit_code == 2
    assert problem in refused.stderr
    assert reader.asked == []


def test_a_wrong_name(run: Run, reader: FakeReader) -> None:
    """Metrics of nothing would be an answer to another question."""
    refused = run("metrics", "--pipeline", "web", "--pipeline", "oders", "--pipeline", "catalgo")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "No release has run a pipeline catalgo (did you mean catalog?).\n"
        "No release has run a pipeline oders (did you mean orders?).\n"
        "See which pipelines there are with: release-machine status\n"
    )
    assert reader.asked == []
