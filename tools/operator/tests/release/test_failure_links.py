"""Links for failures."""

from dataclasses import replace

from release_core.domain.release import Failure, Release
from release_machine.release.failure_links import with_links
from release_machine.release.model import Snapshot
from tools.operator.tests.samples.made_release import by_name

PAGE = (
    "https://us-east-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/payments/executions/"
    "3c4d5e6f-0000-4000-8000-000000000003/timeline?region=us-east-1"
)


def failed(running: Snapshot) -> Release:
    """A release with three failures: with a link, without one, and without an execution."""
    _, orders, payments, _, search = running.release.pipelines.values()
    lost = Failure(message="lost")
    return replace(
        running.release,
        pipelines=by_name((orders, replace(payments, failure=lost), replace(search, failure=lost))),
    )


def test_a_failure_without_a_link(running: Snapshot) -> None:
    """It gets a link to its execution; without an execution there is none."""
    told = with_links(failed(running), region="us-east-1")
    links = [each.failure.link for each in told.pipelines.values() if each.failure]
    assert links == ["https://example.com/run/2", PAGE, None]


def test_without_a_console(running: Snapshot) -> None:
    """An emulator has no console to link to."""
    assert with_links(failed(running), region=None) == failed(running)
