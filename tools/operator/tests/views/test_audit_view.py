"""The audit: time, pipeline, new status, and what was done by whom."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from release_core.domain.history import AuditEntry
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_machine.release.model import Snapshot
from release_machine.text.wording import times_in
from release_machine.views.audit_view import audit_hint, audit_table
from tools.operator.tests.samples.drawing import drawn
from tools.operator.tests.samples.made_release import by_name

ID = "7df9c860-0000-4000-8000-000000000001"


def release(running: Snapshot) -> Release:
    """Two pipelines that were opened together; one has run for a day."""
    (opened,) = running.release.audit
    entry = AuditEntry(at=opened.at, who="shop-open-release", what="opened", after="WAITING")
    started = AuditEntry(
        at=opened.at.replace(second=2),
        who="shop-run-pipeline",
        what=f"started as {ID}",
        before="STARTING",
        after="RUNNING",
    )
    failed = replace(
        started,
        at=opened.at.replace(day=23),
        what="Check -> Check: this is the site of catalog, not of storefront",
        before="RUNNING",
        after="FAILED",
    )
    catalog = Pipeline(
        name="shop-catalog-of-the-europe-west-3",
        position=0,
        status=PipelineStatus.FAILED,
        audit=(entry, started, failed),
    )
    web = Pipeline(name="web", position=1, audit=(entry,))
    return replace(running.release, pipelines=by_name((catalog, web)))


def test_audit(running: Snapshot) -> None:
    """Only people are named, each day once; where names are long, texts stand below them."""
    assert (
        drawn(audit_table(release(running), width=80), width=80)
        == """\
AUDIT  2026-11-22 UTC
10:00:00  (release)                          RUNNING  opened through s3 by alice
10:00:00  2 pipelines                        WAITING  opened
10:00:02  shop-catalog-of-the-europe-west-3  RUNNING  started as 7df9c860
2026-11-23 UTC
10:00:00  shop-catalog-of-the-europe-west-3  FAILED
    Check -> Check: this is the site of catalog, not of storefront
"""
    )


def test_audit_on_a_wide_terminal(running: Snapshot) -> None:
    """The author has a column, without the name of the deployment."""
    lines = drawn(audit_table(release(running), width=120), width=120).splitlines()
    assert lines[1].split() == [
        *("10:00:00", "(release)", "RUNNING", "alice", "opened", "through", "s3")
    ]
    assert " run-pipeline  started as " in lines[3]


def test_the_audit_when_clocks_change(running: Snapshot) -> None:
    """The hour that comes twice has a title for each of its offsets."""
    entries = [
        AuditEntry(at=datetime(2026, 10, 25, hour, 30, tzinfo=UTC), who="alice", what="looked")
        for hour in (0, 1)
    ]
    seen = replace(running.release, pipelines={}, audit=tuple(entries))
    with times_in(ZoneInfo("Europe/Berlin")):
        picture = drawn(audit_table(seen, width=80), width=80)
    assert (
        picture
        == """\
AUDIT  2026-10-25 UTC+02:00
02:30:00  (release)    looked by alice
2026-10-25 UTC+01:00
02:30:00  (release)    looked by alice
"""
    )


def test_audit_hint(running: Snapshot) -> None:
    """Without the audit, the command that shows it is named."""
    hint = drawn(audit_hint(release(running), "release-machine show 1 --audit"), width=80)
    assert hint == "AUDIT  5 changes on record: release-machine show 1 --audit\n"
