"""The runs of a release, and what CodePipeline and S3 say of them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from release_core.aws.clients import one_by_one
from release_core.domain.automation import SkippedStage
from release_core.domain.declarations import Declaration
from release_core.domain.history import PastAttempt
from release_core.domain.past_execution import BegunAction
from release_core.domain.release import (
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseKind,
    ReleaseStatus,
)
from release_core.domain.revisions import Good, Revision
from release_core.ledger.history import Search
from release_machine.dora.definitions import LEAD_TIME, MEANINGS
from release_machine.dora.deployments import CommitSource, Window
from release_machine.dora.figures import Figures, Rate, Spread
from release_machine.dora.reading import OPENED_BEFORE, DoraReader
from release_machine.dora.runs import runs_of
from tools.operator.tests.samples.made_release import BEGIN, Ran, line, moment, release

WINDOW = Window(since=BEGIN - timedelta(days=1), until=BEGIN + timedelta(days=9))
COMMIT = Revision(
    artifact="app",
    revision="3f2a9c0d",
    action="Source",
    type="COMMIT_ID",
    committed_at=BEGIN - timedelta(hours=3),
)
STORED = Revision(
    artifact="app",
    revision="v7",
    action="Source",
    type="S3_OBJECT_VERSION_ID",
    origin={"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
)


def refused(status: int, code: str) -> ClientError:
    """An answer of AWS that is an error."""
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # the rest is not read
        "Call",
    )


@dataclass
class FakeAccount:
    """What the reader asks: records, the history of executions, declarations and S3."""

    releases_: list[Release]
    begun: dict[str, list[str | None]] = field(default_factory=dict)
    declared: frozenset[str] = frozenset({"Source", "Build", "Deploy"})
    stored: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    error: ClientError = field(default_factory=lambda: refused(400, "AccessDeniedException"))
    calls: list[str] = field(default_factory=list)
    since: datetime | None = None

    def search(self, wanted: Search, limit: int) -> list[Release]:
        """The headers, or the releases with the wanted pipelines, as the ledger answers."""
        self.since = wanted.since
        known = [each for each in self.releases_ if wanted.includes(each)][:limit]
        found = [
            {name: each.pipelines[name] for name in wanted.pipelines if name in each.pipelines}
            for each in known
        ]
        return [
            replace(each, pipelines=some)
            for each, some in zip(known, found, strict=True)
            if some or not wanted.pipelines
        ]

    def get_release(self, release_id: str) -> Release | None:
        return next((each for each in self.releases_ if each.release_id == release_id), None)

    def begun_actions(self, pipeline: str, execution_id: str) -> list[BegunAction]:
        self.calls.append(f"actions of {pipeline}")
        if execution_id not in self.begun:
            raise self.error
        return [
            BegunAction(execution_id=execution_id, category=each, version=1, failed=False)
            for each in self.begun[execution_id]
        ]

    def declarations(self, names: list[str]) -> dict[str, Declaration]:
        self.calls += [f"declaration of {name}" for name in names]
        return {
            name: Declaration(name=name, type="V2", mode="QUEUED", categories=self.declared)
            for name in names
            if self.declared
        }

    def head_object(self, **asked: str) -> dict[str, datetime]:
        self.calls.append(f"head of {asked['VersionId']}")
        place = (asked["Bucket"], asked["Key"], asked["VersionId"])
        if place not in self.stored:
            raise self.error
        return {"LastModified": self.stored[place]}

    @property
    def reader(self) -> DoraReader:
        """A reader of this account."""
        fake = cast("Any", self)
        return DoraReader(
            ledger=fake, codepipeline=fake, history=fake, s3=fake, in_parallel=one_by_one
        )


def read(account: FakeAccount, **more: Any) -> Figures:
    """The figures of all pipelines together."""
    return account.reader.read(WINDOW, at=WINDOW.until, **more).all


def ended(status: str, ended_at: float = 600, **more: Any) -> Release:
    """A release of one pipeline, orders, that ended so many seconds after its begin."""
    ran = Ran(name="orders", began=10, ended=ended_at, status=PipelineStatus(status))
    made = release("r", ReleaseStatus.FAILED, [ran], closed=ended_at + 1, why="")
    return with_orders(made, **more)


def with_orders(made: Release, **more: Any) -> Release:
    """The release with other fields of orders."""
    orders = replace(made.pipelines["orders"], **more)
    return replace(made, pipelines={"orders": orders})


def id_of(made: Release) -> str:
    """The execution of orders."""
    execution = made.pipelines["orders"].execution_id
    assert execution
    return execution


def test_a_commit_has_a_lead_time() -> None:
    """From three hours before the release to ten minutes after its begin."""
    account = FakeAccount([ended("SUCCEEDED", revisions=(COMMIT,))])
    lead_time = read(account).lead_time
    took = timedelta(hours=3, minutes=10)
    assert lead_time.spread == Spread(count=1, median=took, p90=took)
    assert lead_time.by_source == {CommitSource.COMMIT: 1}
    assert account.calls == []
    assert account.since == WINDOW.since - OPENED_BEFORE


def test_s3_tells_when_an_object_was_stored() -> None:
    """It is asked once for each version, and what it says is marked."""
    account = FakeAccount([ended("SUCCEEDED", revisions=(STORED,))])
    account.stored["sources", "app.zip", "v7"] = BEGIN - timedelta(minutes=50)
    reader = account.reader
    for _ in range(2):
        lead_time = reader.read(WINDOW, at=WINDOW.until).all.lead_time
        assert lead_time.spread
        assert lead_time.spread.median == timedelta(hours=1)
        assert lead_time.by_source == {CommitSource.S3: 1}
    assert account.calls == ["head of v7"]


def test_an_object_that_cannot_be_read_has_no_time() -> None:
    """The lead time is not known; the deployment counts."""
    account = FakeAccount([ended("SUCCEEDED", revisions=(STORED,))])
    found = read(account)
    assert (found.live, found.lead_time.known) == (1, Rate(count=0, of=1))


def test_only_what_is_new_has_a_lead_time() -> None:
    """A source that stayed as it was has an old commit, which was live before."""
    old = replace(COMMIT, artifact="config", committed_at=BEGIN - timedelta(days=300))
    good = Good(release_id="q", execution_id="e", at=BEGIN, revisions=(old,))
    both = ended("SUCCEEDED", revisions=(COMMIT, old), previous_good=good)
    lead_time = read(FakeAccount([both])).lead_time
    assert lead_time.spread
    assert lead_time.spread.median == timedelta(hours=3, minutes=10)
    same = ended("SUCCEEDED", revisions=(old,), previous_good=good)
    assert read(FakeAccount([same])).lead_time.known == Rate(count=0, of=0)


def test_of_several_new_sources_the_oldest_last_commit_counts() -> None:
    """Each source has one revision, its last commit; the sentence that defines it says so."""
    later = replace(COMMIT, artifact="config", committed_at=BEGIN - timedelta(hours=1))
    lead_time = read(FakeAccount([ended("SUCCEEDED", revisions=(COMMIT, later))])).lead_time
    assert lead_time.spread
    assert lead_time.spread.median == timedelta(hours=3, minutes=10)
    assert "from the last commit of a source" in MEANINGS[LEAD_TIME]
    assert "from the oldest of these commits" in MEANINGS[LEAD_TIME]


def test_an_older_build_counts_with_its_old_commit() -> None:
    """It was not live just before, although it was once, and although nobody changed it since."""
    first = ended("SUCCEEDED", 100, revisions=(COMMIT,))
    newer = replace(COMMIT, revision="9e8d7c6b", committed_at=BEGIN - timedelta(hours=1))
    good = Good(release_id="q", execution_id="e", at=BEGIN, revisions=(newer,))
    again = ended("SUCCEEDED", 600, revisions=(COMMIT,), previous_good=good)
    found = read(FakeAccount([first, replace(again, release_id="again")])).lead_time
    assert found.known == Rate(count=2, of=2)


def test_revisions_that_are_not_on_record_are_not_known() -> None:
    """They may have been a change."""
    assert read(FakeAccount([ended("SUCCEEDED")])).lead_time.known == Rate(count=0, of=1)


@pytest.mark.parametrize(
    ("begun", "declared", "failed", "harmless", "unknown"),
    [
        (["Source", "Approval"], {"Source", "Deploy"}, 0, 1, 0),
        (["Source", "Build"], {"Source", "Build", "Deploy"}, 0, 1, 0),
        (["Source", "Build"], {"Source", "Build"}, 1, 0, 0),  # a build may deploy
        (["Source", "Build"], set(), 0, 0, 1),  # the pipeline is gone
        (["Source", "Build", "Deploy"], set(), 1, 0, 0),
        (["Source", None], {"Source", "Deploy"}, 1, 0, 0),
        ([], {"Source", "Deploy"}, 0, 0, 1),
        (None, {"Source", "Deploy"}, 0, 0, 1),
    ],
)
def test_a_failed_run_is_a_deployment_if_it_changed_something(
    begun: list[str | None] | None, declared: set[str], failed: int, harmless: int, unknown: int
) -> None:
    """CodePipeline says which actions began."""
    made = ended("FAILED")
    account = FakeAccount([made], declared=frozenset(declared))
    if begun is not None:
        account.begun[id_of(made)] = begun
    found = read(account)
    assert found.change_fail_rate == Rate(count=failed, of=failed)
    assert (found.harmless, found.unknown) == (harmless, unknown)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalFailure"),
        (503, "503"),
        (400, "ThrottlingException"),
        (400, "ExpiredTokenException"),
        (403, "ExpiredToken"),
        (400, "400"),  # of S3, for credentials that have expired
        (400, "ValidationException"),
    ],
)
def test_trouble_of_aws_is_no_answer(status: int, code: str) -> None:
    """It ends the reading; it is not taken for a run of unknown extent, and not kept."""
    with pytest.raises(ClientError):
        read(FakeAccount([ended("FAILED")], error=refused(status, code)))
    stored = ended("SUCCEEDED", revisions=(STORED,))
    with pytest.raises(ClientError):
        read(FakeAccount([stored], error=refused(status, code)))


@pytest.mark.parametrize(
    "code", ["PipelineNotFoundException", "PipelineExecutionNotFoundException", "404", "403"]
)
def test_what_is_gone_or_denied_is_not_known(code: str) -> None:
    """The rest is measured."""
    error = refused(400, code)
    assert read(FakeAccount([ended("FAILED")], error=error)).unknown == 1
    stored = ended("SUCCEEDED", revisions=(STORED,))
    assert read(FakeAccount([stored], error=error)).lead_time.known == Rate(count=0, of=1)


def test_a_new_end_is_looked_at_again() -> None:
    """The list of actions may be late, so that of an execution that has just ended is not kept."""
    made = ended("FAILED")
    account = FakeAccount([made], begun={id_of(made): ["Source"]})
    reader = account.reader
    soon = moment(601)
    assert reader.read(replace(WINDOW, until=soon), at=soon).all.harmless == 1
    account.begun[id_of(made)] = ["Source", "Deploy"]
    assert reader.read(WINDOW, at=WINDOW.until).all.change_fail_rate == Rate(count=1, of=1)
    reader.read(WINDOW, at=WINDOW.until)
    assert account.calls == ["actions of orders", "actions of orders"]


def test_a_skipped_deployment_is_none() -> None:
    """Its execution succeeded and shipped nothing."""
    skipped = (SkippedStage(stage="Deploy", deploys=True, why=None),)
    found = read(FakeAccount([ended("SUCCEEDED", skipped_stages=skipped)]))
    assert (found.live, found.harmless) == (0, 1)


def test_a_late_success_is_live_since_then() -> None:
    """Somebody retried the execution in CodePipeline; nobody has to be asked about it."""
    made = ended("FAILED", revisions=(COMMIT,), late_success=moment(3600))
    account = FakeAccount([made])
    lead_time = read(account).lead_time
    assert lead_time.spread
    assert lead_time.spread.median == timedelta(hours=4)
    assert account.calls == []


@pytest.mark.parametrize("status", ["SKIPPED", "RUNNING", "WAITING", "CANCELLED"])
def test_what_did_not_run_or_has_not_ended_is_no_run(status: str) -> None:
    """A pipeline that was skipped has an end and no execution."""
    orders = Pipeline(name="orders", status=PipelineStatus(status), ended_at=moment(9))
    running = replace(orders, execution_id="e")
    made = replace(ended("FAILED"), pipelines={"orders": orders})
    assert list(runs_of(made, at=moment(10))) == []
    if not running.status.ended:
        made = replace(made, pipelines={"orders": running})
        assert list(runs_of(made, at=moment(10))) == []


def test_each_attempt_is_a_run() -> None:
    """The first attempt failed in its deployment; the second one repaired it an hour later."""
    made = retried()
    account = FakeAccount([made], begun={"first": ["Source", "Deploy"]})
    found = read(account)
    assert (found.live, found.releases) == (1, 1)
    assert found.change_fail_rate == Rate(count=1, of=2)
    assert found.recovery.spread
    assert found.recovery.spread.median == timedelta(seconds=3500)


def retried() -> Release:
    """A release whose pipeline failed after 100 seconds, and succeeded in its second attempt."""
    made = release("r", ReleaseStatus.SUCCEEDED, [Ran(name="orders")], closed=3700, why="")
    header = (
        made.audit[0],
        line(120, "close-release", "failed", "RUNNING", "FAILED"),
        line(3000, "open-release", "resumed", "FAILED", "RUNNING"),
        line(3700, "close-release", "good", "RUNNING", "SUCCEEDED"),
    )
    audit = (
        line(1, "open-release", "opened", None, "WAITING"),
        line(2, "run-pipeline", "started as first", "STARTING", "RUNNING"),
        line(100, "record-state-change", "broke", "RUNNING", "FAILED"),
        line(3000, "open-release", "resumed as attempt 2", "FAILED", "WAITING"),
        line(3002, "run-pipeline", "started as second", "STARTING", "RUNNING"),
        line(3600, "record-state-change", "ended", "RUNNING", "SUCCEEDED"),
    )
    made = with_orders(
        made,
        status=PipelineStatus.SUCCEEDED,
        attempt=2,
        execution_id="second",
        started_at=moment(3002),
        ended_at=moment(3600),
        attempts=(PastAttempt(number=1, status="FAILED", execution="first", why="broke"),),
        audit=audit,
    )
    return replace(made, attempt=2, resumed_at=moment(3000), audit=header)


def test_only_some_pipelines() -> None:
    """What is not asked for is not read either."""
    made = ended("FAILED")
    account = FakeAccount([made], begun={id_of(made): ["Source", "Deploy"]})
    assert account.reader.read(WINDOW, pipelines=["catalog"], at=WINDOW.until).pipelines == ()
    assert account.calls == []
    assert read(account, pipelines=["catalog", "orders"]).change_fail_rate == Rate(count=1, of=1)


def test_what_was_not_opened_did_not_run() -> None:
    """A rejected manifest, and a release that waits to be opened."""
    rejected = replace(ended("SUCCEEDED"), release_id="a", status=ReleaseStatus.REJECTED)
    waiting = replace(ended("SUCCEEDED"), release_id="b", pending=True)
    assert read(FakeAccount([rejected, waiting])).live == 0


def test_a_release_that_expires_meanwhile_is_left_out() -> None:
    """The index may still have its header."""
    account = FakeAccount([ended("SUCCEEDED")])
    reader = account.reader
    account.get_release = lambda _: None  # type: ignore[method-assign,assignment] # it is gone
    assert reader.read(WINDOW, at=WINDOW.until).pipelines == ()


def test_hotfixes_and_rollbacks_are_those_of_their_release() -> None:
    """As their releases say."""
    bad = ended("SUCCEEDED", 100)
    back = replace(ended("SUCCEEDED", 400), release_id="r-rollback", rollback_of="r")
    fix = replace(ended("SUCCEEDED", 900), release_id="fix", kind=ReleaseKind.HOTFIX)
    found = read(FakeAccount([bad, back, fix]))
    assert (found.rollbacks, found.rework_rate) == (1, Rate(count=1, of=2))
    assert found.change_fail_rate == Rate(count=1, of=2)
    assert found.recovery.spread
    assert found.recovery.spread.median == timedelta(seconds=300)


def test_a_run_before_the_window_is_not_asked_about() -> None:
    """It says nothing about those in the window."""
    long_ago = Window(
        since=datetime(2027, 1, 1, tzinfo=UTC), until=datetime(2027, 2, 1, tzinfo=UTC)
    )
    account = FakeAccount([ended("FAILED")])
    assert account.reader.read(long_ago, at=long_ago.until).pipelines == ()
    assert account.calls == []
