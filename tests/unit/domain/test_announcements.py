"""What is announced: the same id for a repeat, true counts, a size that fits, and no secrets."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_core.domain import announcements
from release_core.domain.announcement import MAX_BYTES, Announcement
from release_core.domain.approvals import Approval, Vote
from release_core.domain.queue import Place, Rival
from release_core.domain.release import (
    Failure,
    LockHolder,
    Pipeline,
    PipelineStatus,
    Release,
    ReleaseStatus,
)
from release_core.domain.revisions import Good, Revision
from release_core.domain.workflow_end import WHY_LIMIT
from release_core.manifest.limits import MAX_APPROVALS, MAX_NAME, MAX_PIPELINES

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
ARN = "arn:aws:states:eu-central-1:123456789012:execution:release-machine:one"
MARIA, GRACE = "arn:aws:iam::123456789012:user/maria", "arn:aws:iam::123456789012:user/grace"
ORDERS = Pipeline(
    name="orders",
    status=PipelineStatus.SUCCEEDED,
    started_at=NOW,
    ended_at=NOW + timedelta(minutes=7),
    execution_id="3f1a9c52",
)
FAILED = Pipeline(
    name="payments",
    status=PipelineStatus.FAILED,
    position=1,
    ended_at=NOW + timedelta(minutes=5),
    execution_id="9b0e4d7a",
    failure=Failure(stage="Deploy", action="Copy", message="the bucket is gone", code="JobFailed"),
)
ASKED = Pipeline(
    name="go-live",
    status=PipelineStatus.RUNNING,
    position=2,
    approval=Approval(question="Go live?", asked_at=NOW),
)
VOTE = Vote(voter=GRACE, by=GRACE, approves=True, comment="looked at it", at=NOW)


def release(*nodes: Pipeline, **more: object) -> Release:
    """Release r of these nodes."""
    made = Release(
        release_id="r",
        status=ReleaseStatus.RUNNING,
        execution_arn=ARN,
        opened_at=NOW,
        pipeline_count=sum(each.approval is None for each in nodes),
        requesters=(MARIA,),
        pipelines={each.name: each for each in nodes},
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of Release


def closed(*nodes: Pipeline, status: ReleaseStatus = ReleaseStatus.FAILED) -> Release:
    """Release r of these nodes, closed with a status."""
    return release(*nodes, status=status, closed_at=NOW, why="because")


def waiting(**more: object) -> Release:
    """Release r, which waits to be opened."""
    return release(pending=True, requester=MARIA, requesters=(), pipeline_count=2, **more)


def of(release: Release, announce: Callable[..., Announcement] = announcements.outcome) -> dict:  # type: ignore[type-arg]
    """The detail of an announcement of a release."""
    return dict(announce(release, deployment="release-machine").detail)


# Who, when and where


def test_a_repeat_has_the_same_event_id() -> None:
    """The id depends on what is on record, not on what else is known or when it is repeated."""
    first = announcements.settled(release(), ORDERS, deployment="a")
    again = announcements.settled(release(ORDERS, FAILED), ORDERS, deployment="a")
    assert first.detail["eventId"] == again.detail["eventId"]


def test_every_event_has_its_own_id() -> None:
    """Type, deployment, release, attempt, node, voter and kind tell events apart."""
    one, other = release(ORDERS), release(ORDERS, attempt=2)
    events = [
        announcements.started(one, deployment="a"),
        announcements.started(one, deployment="b"),
        announcements.started(other, deployment="a"),
        announcements.started(replace(one, release_id="s"), deployment="a"),
        announcements.failing(one, FAILED, deployment="a"),
        announcements.settled(one, ORDERS, deployment="a"),
        announcements.settled(one, FAILED, deployment="a"),
        announcements.settled(other, ORDERS, deployment="a"),
        announcements.approval_requested(one, ASKED, deployment="a"),
        announcements.approval_answered(one, ASKED, VOTE, deployment="a"),
        announcements.approval_answered(one, ASKED, replace(VOTE, voter=MARIA), deployment="a"),
        announcements.held(waiting(), deployment="a", now=NOW),
        announcements.held(waiting(not_before=NOW + timedelta(1)), deployment="a", now=NOW),
        *(
            announcements.stuck(one, deployment="a", kind=kind, since=NOW, why="late")
            for kind in (announcements.DEADLINE, announcements.WAIT)
        ),
        announcements.outcome(closed(), deployment="a"),
    ]
    assert len({each.detail["eventId"] for each in events}) == len(events)


def test_an_outcome_after_a_resume_has_another_id() -> None:
    """Each attempt has an outcome of its own."""
    first = closed(FAILED)
    second = replace(first, attempt=2, closed_at=NOW + timedelta(hours=1))
    assert of(first)["eventId"] != of(second)["eventId"]


def test_the_requester_is_who_retried_last() -> None:
    """A retry has a requester of its own; without any it is unknown."""
    assert of(release(requesters=(MARIA, GRACE)), announcements.started)["requester"] == GRACE
    assert of(release(requesters=()), announcements.started)["requester"] is None


def test_an_event_links_the_workflow_execution() -> None:
    """The link leads to the console of the partition; an unknown one has no link."""
    page = "/states/home?region=eu-central-1#/v2/executions/details/"
    assert of(release(), announcements.started)["consoleUrl"] == (
        f"https://eu-central-1.console.aws.amazon.com{page}{ARN}"
    )
    of_china = ARN.replace("arn:aws:", "arn:aws-cn:").replace("eu-central-1", "cn-north-1")
    assert of(release(execution_arn=of_china), announcements.started)["consoleUrl"].startswith(
        "https://console.amazonaws.cn/states/home?region=cn-north-1#"
    )
    elsewhere = release(execution_arn=ARN.replace("arn:aws:", "arn:aws-iso:"))
    assert of(elsewhere, announcements.started)["consoleUrl"] is None


def test_a_command_names_a_deployment_that_it_would_not_find() -> None:
    """The command finds release-machine by itself, and others by their name."""
    ours = announcements.started(release(), deployment="release-machine")
    assert ours.detail["nextCommand"] == "release-machine watch r"
    theirs = announcements.started(release(), deployment="blue")
    assert theirs.detail["nextCommand"] == "release-machine watch r --name-prefix blue"


# What happened


def test_counts_are_told_when_all_pipelines_are_known() -> None:
    """With a part of the pipelines only their number is certain."""
    whole = release(ORDERS, FAILED, ASKED)
    assert of(whole, announcements.started)["counts"] == {
        "total": 2,
        "waiting": 0,
        "running": 0,
        "succeeded": 1,
        "failed": 1,
        "skipped": 0,
    }
    part = replace(whole, pipelines={"orders": ORDERS})
    assert of(part, announcements.started)["counts"] == {"total": 2}


def test_what_an_earlier_attempt_ended_with_is_not_counted() -> None:
    """A pipeline that is not renewed yet waits in this attempt, and is no failure of it."""
    resumed = release(ORDERS, FAILED, attempt=2)
    detail = of(resumed, announcements.started)
    assert detail["counts"]["failed"] == 0
    assert detail["counts"]["waiting"] == 1
    assert detail["failures"] == []


def test_a_failure_says_where_and_why() -> None:
    """A failure has pipeline, stage, action, reason and a link to its execution."""
    (failure,) = of(closed(ORDERS, FAILED))["failures"]
    assert failure.pop("link").endswith(
        "/payments/executions/9b0e4d7a/timeline?region=eu-central-1"
    )
    assert failure == {
        "pipeline": "payments",
        "stage": "Deploy",
        "action": "Copy",
        "reason": "the bucket is gone (JobFailed)",
    }


def test_a_failure_links_what_the_action_links() -> None:
    """The link of the action leads closer to the reason than the execution's page."""
    failure = Failure(message="the build failed", link="https://build/1")
    linked = replace(FAILED, failure=failure)
    assert of(closed(linked))["failures"][0]["link"] == "https://build/1"


def test_at_most_ten_failures_are_listed() -> None:
    """More are in the statuses; the first ones are listed in the order of the manifest."""
    many = [replace(FAILED, name=f"p{n}", position=n) for n in reversed(range(12))]
    found = of(closed(*many))
    assert [each["pipeline"] for each in found["failures"]] == [f"p{n}" for n in range(10)]
    assert found["counts"]["failed"] == 12


@pytest.mark.parametrize(
    ("status", "more", "command"),
    [
        (ReleaseStatus.SUCCEEDED, {}, None),
        (ReleaseStatus.FAILED, {}, "release-machine retry r"),
        (ReleaseStatus.CANCELLED, {}, "release-machine retry r"),
        (
            ReleaseStatus.FAILED,
            {"rolls_back_as": "r-rollback"},
            "release-machine watch r-rollback",
        ),
    ],
)
def test_an_outcome_says_what_comes_next(
    status: ReleaseStatus, more: dict[str, object], command: str | None
) -> None:
    """A success needs nothing; the rest is retried, unless a rollback has begun."""
    found = of(replace(closed(status=status), **more))  # type: ignore[arg-type]  # fields of Release
    assert found["nextCommand"] == command


def test_the_detail_type_of_an_outcome_is_its_status() -> None:
    """The three outcomes are three types, as before."""
    found = {
        announcements.outcome(closed(status=status), deployment="a").detail_type
        for status in ReleaseStatus
        if status not in {ReleaseStatus.RUNNING, ReleaseStatus.REJECTED}
    }
    assert found == {
        announcements.RELEASE_SUCCEEDED,
        announcements.RELEASE_FAILED,
        announcements.RELEASE_CANCELLED,
    }


def test_a_held_release_names_what_it_waits_for() -> None:
    """It waits for its time, or for the releases that come first."""
    later = announcements.held(
        waiting(not_before=NOW + timedelta(hours=1)), deployment="a", now=NOW
    ).detail
    assert (later["kind"], later["heldUntil"]) == ("time", "2026-11-22T19:00:00.000Z")
    rivals: dict[str, Rival] = {
        "orders": LockHolder(release_id="q", execution_arn="arn:q"),
        "catalog": Place(since=NOW, execution_arn="arn:p", release_id="p"),
    }
    busy = announcements.held(waiting(), deployment="a", now=NOW, rivals=rivals).detail
    assert (busy["kind"], busy["why"]) == ("pipelines", "it waits for pipelines of releases q, p")
    assert [each["waits"] for each in busy["holds"]] == [False, True]
    alone = announcements.held(waiting(), deployment="a", now=NOW).detail
    assert alone["why"] == "other releases hold pipelines that it needs"


def test_an_approval_is_asked_until_its_limit_or_the_deadline() -> None:
    """The earlier of the two ends it."""
    until = NOW + timedelta(hours=1)
    assert ASKED.approval
    limited = replace(ASKED, approval=replace(ASKED.approval, expires_after=timedelta(days=1)))
    found = announcements.approval_requested(
        release(limited, deadline=until), limited, deployment="release-machine"
    ).detail
    assert found["expiresAt"] == "2026-11-22T19:00:00.000Z"
    assert found["nextCommand"] == "release-machine approve r go-live"


def test_a_rejection_lists_the_first_problems() -> None:
    """Each line with a dash is a problem; a release that it speaks of can be shown."""
    cause = "The manifest is not valid:\n" + "\n".join(f"- problem {n}" for n in range(12))
    found = reject("ManifestInvalid", cause)
    assert found["problems"] == [f"problem {n}" for n in range(10)]
    assert found["nextCommand"] is None
    assert reject("ReleaseIdTaken", "taken")["nextCommand"] == "release-machine show r"
    assert reject("ManifestUnreadable", "gone", release_id=None)["releaseId"] is None


def reject(error: str, cause: str, *, release_id: str | None = "r") -> dict[str, object]:
    """The detail that announces a rejection."""
    refused = announcements.Refused(
        at=NOW, execution_arn=ARN, error=error, cause=cause, release_id=release_id
    )
    return dict(announcements.rejected(refused, deployment="release-machine").detail)


# What an event never has


def test_no_event_has_a_token_or_the_value_of_a_variable() -> None:
    """Tokens settle tasks, and values of variables are nobody else's business."""
    secret = {"KEY": "s3cret"}
    good = Good(release_id="q", execution_id="e", at=NOW, variables=secret)
    node = replace(
        FAILED,
        variables=secret,
        task_token="t0ken",  # what must not be seen
        previous_good=good,
        revisions=(Revision(artifact="app", revision="1"),),
    )
    asked = replace(ASKED, task_token="t0ken")  # as above
    whole = closed(node, asked)
    events = [
        announcements.started(whole, deployment="a"),
        announcements.settled(whole, node, deployment="a"),
        announcements.failing(whole, node, deployment="a"),
        announcements.approval_requested(whole, asked, deployment="a"),
        announcements.approval_answered(whole, asked, VOTE, deployment="a"),
        announcements.stuck(whole, deployment="a", kind="wait", since=NOW, why="late"),
        announcements.outcome(whole, deployment="a"),
    ]
    for each in events:
        text = json.dumps(each.detail)
        assert "s3cret" not in text, each.detail_type
        assert "t0ken" not in text, each.detail_type


def size(detail: object) -> int:
    """The bytes of a detail as JSON."""
    return len(json.dumps(detail, ensure_ascii=False, separators=(",", ":")).encode())


def test_the_largest_outcome_fits() -> None:
    """Of the largest release what did not succeed is named, and how many are left out."""
    wide = "\N{SNOWMAN}" * 2_000
    failure = Failure(message=wide, stage="s" * 100, action="a" * 100, link="https://x/" + wide)
    names = [f"{n:04}".ljust(MAX_NAME, "p") for n in range(MAX_PIPELINES)]
    nodes = [
        replace(FAILED if n % 100 == 0 else ORDERS, name=name, position=n, failure=failure)
        for n, name in enumerate(names)
    ]
    approvals = [replace(ASKED, name=f"{n:03}".ljust(MAX_NAME, "a")) for n in range(MAX_APPROVALS)]
    whole = replace(closed(*nodes, *approvals), why="\x01" * WHY_LIMIT)
    found = of(whole)
    assert size(found) <= MAX_BYTES
    failed = {name for name, status in found["pipelines"].items() if status == "FAILED"}
    assert failed == {name for n, name in enumerate(names) if n % 100 == 0}
    left = len(found["pipelines"]) + len(found["approvals"])
    assert found["omitted"] == MAX_PIPELINES + MAX_APPROVALS - left
    assert found["failures"][0]["link"] is None, "a part of a link leads nowhere"


def test_an_outcome_of_usual_size_is_not_cut() -> None:
    """The reason has up to 30,000 characters, as before."""
    found = of(replace(closed(FAILED), why="y" * WHY_LIMIT))
    assert found["why"] == "y" * WHY_LIMIT
    assert "omitted" not in found


@given(text=st.text(min_size=1, max_size=50), times=st.integers(1, 2_000))
def test_every_settled_pipeline_fits(text: str, times: int) -> None:
    """Texts of CodePipeline have no limit, and any characters."""
    long = text * times
    revisions = tuple(
        Revision(artifact=long, action=long, revision=long, summary=long, origin={"Key": long})
        for _ in range(12)
    )
    node = replace(FAILED, failure=Failure(message=long, link=long), revisions=revisions)
    found = announcements.settled(release(node), node, deployment="a").detail
    assert size(found) <= MAX_BYTES
    assert len(found["revisions"]) == 10


def test_half_a_character_of_a_manifest_is_replaced() -> None:
    """A rejected manifest may name anything: JSON can spell what UTF-8 cannot encode."""
    refused = announcements.Refused(
        at=NOW,
        execution_arn=ARN,
        error="ManifestInvalid",
        cause="releaseId: \ud800",
        release_id="half \ud800",
    )
    detail = announcements.rejected(refused, deployment="release-machine").detail
    assert (detail["releaseId"], detail["why"]) == ("half ?", "releaseId: ?")
    assert json.dumps(detail, ensure_ascii=False).encode()
