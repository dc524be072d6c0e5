"""Lists of releases and of pipelines, at the usual widths of a terminal."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from release_core.domain.dropped import ManifestObject
from release_core.domain.release import Release, ReleaseKind, ReleaseStatus
from release_machine.views.release_list import release_table
from release_machine.views.status_view import status_table
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.asking_release import asking
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.made_estate import LONG, estate
from tools.operator.tests.samples.picture_files import compare
from tools.operator.tests.views.test_pictures import EXECUTION, closed, shop

at_each_width = pytest.mark.parametrize("width", [60, 80, 120])
LONG_ID = "2026.11.22-production-checkout-hotfix-3-candidate-2"
REJECTED = Release(
    release_id=f"{EXECUTION}-8a8e-4f8c-9d53-6f1a1c0f7e55",
    status=ReleaseStatus.REJECTED,
    execution_arn=EXECUTION,
    opened_at=at(-90),
    closed_at=at(-90),
    channel="s3",
    why="ManifestInvalid: The manifest has 1 problem:\n- pipelines: must not be empty",
    requested_id="2026.11.22-7",
    dropped=ManifestObject(bucket="manifests", key="teams/checkout/autumn.json", version_id="v1"),
)


def releases() -> Sequence[Release]:
    """Releases in every state, with short and long ids."""
    long = replace(shop(), release_id=LONG_ID)
    long = replace(long, title="Prices with tax, for all brands", kind=ReleaseKind.HOTFIX)
    back = replace(long, status=ReleaseStatus.SUCCEEDED, closed_at=at(500), rolled_back_by="x")
    waiting = replace(
        shop(), release_id="2026.11.22-4", pending=True, pipelines={}, waits_for=("shop-orders",)
    )
    held = replace(waiting, release_id="2026.11.23-1", not_before=at(86_400))
    by_hand = replace(
        REJECTED,
        release_id=EXECUTION.replace("0b2f7c1e", "nightly-run-17"),
        requested_id=None,
        dropped=None,
        channel="direct",
    )
    second = replace(asking(), release_id="2026.11.22-2")
    return [held, waiting, asking(), second, shop(), closed(), back, REJECTED, by_hand]


@at_each_width
def test_list(width: int) -> None:
    """Ids and statuses are whole; below, a hold of several releases stands once."""
    compare("list", release_table(releases(), now=at(600), width=width), width=width)


@at_each_width
def test_list_of_pipelines(width: int) -> None:
    """Each release says how the wanted pipelines ended."""
    found = [each for each in releases() if each.pipelines]
    names = ["shop-orders", "shop-payments", "shop-front", "shop-catalog"]
    drawing = release_table(found, now=at(600), width=width, pipelines=names)
    compare("list-of-pipelines", drawing, width=width)


@at_each_width
def test_status(width: int) -> None:
    """What a pipeline does, what is live, and everything else below it."""
    compare("status", status_table(estate(), width=width), width=width)


@at_each_width
def test_status_of_short_names(width: int) -> None:
    """Usual names leave room for who shipped what, and when."""
    found = estate()
    usual = tuple(each for each in found.pipelines if each.name != LONG)
    drawing = status_table(replace(found, pipelines=usual), width=width)
    compare("status-short", drawing, width=width)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_nothing_is_shortened(width: int) -> None:
    """Every name and id can be read, and copied where it has room in a line."""
    told = [
        drawn(release_table(releases(), now=at(600), width=width), width=width),
        drawn(status_table(estate(), width=width), width=width),
    ]
    assert not any("…" in each for each in told)
    together = ["".join(each.split()) for each in told]
    assert "0b2f7c1e" in told[0]
    assert "nightly-run-17" in told[0]
    for name in (LONG_ID, LONG):
        pieces = [name[:20], name[-8:]]
        assert any(all(piece in each for piece in pieces) for each in together)
