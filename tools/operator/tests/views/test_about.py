"""The title, the notes and the mark of a hotfix are shown with a release."""

import io
import json
from dataclasses import replace

import pytest

from release_core.domain.release import Release, ReleaseKind
from release_machine.follow.events import ReleaseFound
from release_machine.release.model import Snapshot
from release_machine.views.json_events import JsonView
from release_machine.views.json_output import release_document
from release_machine.views.plain import PlainView
from release_machine.views.tables import release_header
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.picture_files import compare

TITLE = "Send the receipts of vouchers again, and show all of them in the list of orders"
NOTES = (
    "Since yesterday, vouchers have no receipts.\n\nAsk Maria about the e-mails that are missing."
)


@pytest.fixture
def hotfix(running: Snapshot) -> Release:
    """A running hotfix with a title and notes."""
    return replace(running.release, title=TITLE, notes=NOTES, kind=ReleaseKind.HOTFIX)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_header_says_what_a_release_is_about(hotfix: Release, width: int) -> None:
    """Below its id; the live view, which is brief, has no notes."""
    title = replace(hotfix, notes=None, kind=ReleaseKind.STANDARD)
    parts = (
        release_header(hotfix, now=at(42)),
        release_header(hotfix, now=at(42), brief=True),
        release_header(title, now=at(42), brief=True),
    )
    compare("about", *parts, width=width)


def test_without_a_title_there_is_no_line(running: Snapshot) -> None:
    """The bar follows at once."""
    lines = drawn(release_header(running.release, now=at(42), brief=True), width=80).splitlines()
    assert lines[1].startswith("█")


@pytest.mark.parametrize(
    ("title", "kind", "begins"),
    [
        (None, ReleaseKind.STANDARD, "5 pipelines"),
        ("Prices", ReleaseKind.STANDARD, "Prices; 5 pipelines"),
        ("a\nb\x1b[31m", ReleaseKind.HOTFIX, "hotfix, a b\\u001b[31m; 5 pipelines"),
        (None, ReleaseKind.HOTFIX, "hotfix; 5 pipelines"),
    ],
)
def test_the_first_line_in_a_pipe(
    running: Snapshot, title: str | None, kind: ReleaseKind, begins: str
) -> None:
    """It says what the release is about, before how large it is."""
    release = replace(running.release, title=title, kind=kind)
    out = io.StringIO()
    PlainView(out).show(replace(running, release=release), [ReleaseFound(release)])
    assert f" release 2026.11.22-1: {begins}, execution arn:" in out.getvalue()


def test_json(running: Snapshot, hotfix: Release) -> None:
    """`show` and `list` have all of it, the first event of `watch` the title and the kind."""
    document = release_document(hotfix)
    assert (document["title"], document["notes"], document["kind"]) == (TITLE, NOTES, "hotfix")
    plain = release_document(running.release)
    assert (plain["title"], plain["notes"], plain["kind"]) == (None, None, "standard")
    out = io.StringIO()
    JsonView(out).show(replace(running, release=hotfix), [ReleaseFound(hotfix)])
    event = json.loads(out.getvalue())
    assert (event["title"], event["kind"], "notes" in event) == (TITLE, "hotfix", False)
