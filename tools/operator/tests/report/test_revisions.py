"""The bill of materials in the report: revisions, pins, and previous good revisions."""

from dataclasses import replace

from release_core.domain.release import PipelineStatus, ReleaseStatus
from release_core.domain.revisions import Revision
from tools.operator.tests.samples import report_samples as samples
from tools.operator.tests.samples.bucket_release import KEY, OLDER, VERSION, from_buckets, version
from tools.operator.tests.samples.made_release import by_name, moment
from tools.operator.tests.samples.report_reading import read, with_release


def test_bill_of_materials() -> None:
    """Each source shows what ran with its commit message, the pin, and what was good before."""
    text = read(samples.good()).text
    web = samples.good().release.pipelines["web"]
    orders = samples.good().release.pipelines["orders"]
    for revision in (*web.revisions, *orders.revisions):
        assert revision.revision in text
    assert "Prices in web are whole cents" in text
    assert "CommitMessage" not in text
    assert f"{orders.revisions[0].revision} commit id" in text
    assert "this revision" in text
    assert "release 2026.11.15-1 2026-11-15 22:02:40" in text
    assert "unknown" in text


def test_a_source_has_one_row() -> None:
    """A failed run has no action on record; its artifact tells the source."""
    text = read(from_buckets()).text
    assert f"site Source {VERSION} {OLDER} release 2026.11.15-1" in text
    assert "unknown" not in text


def test_a_version_and_its_key() -> None:
    """An S3 object with another key shows both the version and the key."""
    text = read(from_buckets()).text
    ran = f"docs Docs {VERSION} s3 object version id {KEY} s3 object key"
    assert f"{ran} this revision {OLDER}" in text


def test_the_same_object_in_a_failed_run() -> None:
    """The version tells that a failed run took the previous good object."""
    seen = from_buckets()
    (site, docs) = seen.release.pipelines.values()
    good = docs.previous_good
    assert good is not None
    changed = replace(
        docs,
        revisions=(version(OLDER, artifact="Docs"),),
        source_revisions=(),
        previous_good=replace(good, revisions=(*good.revisions, docs.revisions[1])),
    )
    assert (
        f"docs Docs {OLDER} the same" in with_release(seen, pipelines=by_name((site, changed))).text
    )


def test_pins_before_the_run() -> None:
    """Before there is a revision that ran, the pin is shown."""
    seen = samples.good()
    orders = seen.release.pipelines["orders"]
    waiting = replace(
        orders, status=PipelineStatus.WAITING, revisions=(), started_at=None, ended_at=None
    )
    page = with_release(
        seen, pipelines=by_name((waiting,)), status=ReleaseStatus.RUNNING, closed_at=None
    )
    assert f"orders Source {orders.source_revisions[0].revision}" in page.text


def test_columns_without_content_are_left_out() -> None:
    """Empty columns are left out, and a summary that repeats the revision, too."""
    (catalog, *_) = samples.good().release.pipelines.values()
    version = Revision(artifact="S", revision="v1", summary="Amazon S3 version id: v1")
    page = with_release(
        samples.good(), pipelines=by_name((replace(catalog, revisions=(version,)),))
    )
    titles = page.text[page.text.index("What ran") :]
    assert titles.startswith(
        "What ran Pipeline Source action Revision that ran Previous good catalog"
    )
    assert "Amazon S3 version id" not in page.text
    assert "Pinned to" in read(samples.good()).text


def test_who_committed_and_when() -> None:
    """Where the source tells them, a revision has its author and the time of its commit."""
    (catalog, *_) = samples.good().release.pipelines.values()
    known = replace(catalog.revisions[0], author="Dana", committed_at=moment(-7200))
    timed = replace(known, author=None)
    for revision, told in (
        (known, "whole cents by Dana , 2026-11-22 20:02:40 UTC"),
        (timed, "whole cents 2026-11-22 20:02:40 UTC"),
    ):
        changed = replace(catalog, revisions=(revision,))
        assert told in with_release(samples.good(), pipelines=by_name((changed,))).text
