"""The filters of the command list, and how it names rejected manifests."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from release_core.clock import now
from release_core.domain.dropped import ManifestObject
from release_core.domain.release import Release, ReleaseStatus
from tools.operator.tests.conftest import Run, at
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal

NAME = "0b2f7c1e-8a8e-4f8c-9d53-6f1a1c0f7e55"
REJECTED = Release(
    release_id=f"{EXECUTION.removesuffix('mine')}{NAME}",
    status=ReleaseStatus.REJECTED,
    execution_arn=f"{EXECUTION.removesuffix('mine')}{NAME}",
    opened_at=at(0),
    closed_at=at(0),
    channel="s3",
    why="ManifestInvalid: The manifest has 1 problem:\n- pipelines[0]: there is no pipeline 'x'",
    requested_id="2026.11.22-7",
    dropped=ManifestObject(bucket="manifests", key="autumn.json", version_id="v1"),
)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--outcome", "succeeded"], True),
        (["--outcome", "failed"], False),
        (["--requester", "alice"], True),
        (["--by", "bob"], False),
        (["--status", "SUCCEEDED", "--outcome", "SUCCEEDED", "--requester", "a*"], True),
        (["--since", "2026-11-22T10:00:00Z"], True),
        (["--since", "2026-11-22T10:00:01Z"], False),
        (["--until", "2026-11-22"], False),
    ],
)
def test_filters(aws: FakeAws, run: Run, options: list[str], found: bool) -> None:
    """A release is listed if it meets all of them."""
    result = run("list", *options)
    assert result.exit_code == 0, result.output
    assert ("2026.11.22-1" in result.stdout) is found
    next_step = "leave one out, or see the latest with: release-machine list"
    typed = " ".join(options).replace("--by", "--requester").replace("failed", "FAILED")
    assert found or result.stdout == f"no release with {typed}; {next_step}\n"


def test_a_duration_is_counted_back_from_now(aws: FakeAws, run: Run) -> None:
    """The ledger is asked for no older releases."""
    run("list", "--since", "7d", "--until", "1d")
    assert aws.searched is not None
    assert now() - aws.searched.since - timedelta(days=7) < timedelta(minutes=1)
    assert aws.searched.until > aws.searched.since


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--since", "soon"], "--since soon is neither a time nor a duration"),
        (["--since", "1d", "--until", "2d"], "--until 2d is before --since 1d"),
        (["--pipeline", "shop-*"], "No release has run a pipeline that matches shop-*"),
        (["--pipeline", "oders"], "No release has run a pipeline oders (did you mean orders?)."),
        (["--pipeline", "oders", "--json"], "No release has run a pipeline oders"),
        (["--pipeline", "nothing-like-it"], "No release has run a pipeline nothing-like-it.\nSee"),
        (["--pipeline", "no pipeline"], "--pipeline no pipeline can match no pipeline"),
    ],
)
def test_wrong_filters(aws: FakeAws, run: Run, options: list[str], says: str) -> None:
    """They are wrong usage, with the reason."""
    result = run("list", *options)
    assert result.exit_code == 2
    assert says in result.stderr


def test_pipelines(aws: FakeAws, run: Run) -> None:
    """A pattern stands for the known names; each row says how the pipelines ended."""
    result = run("list", "--pipeline", "*o*", "--pipeline", "search")
    assert aws.searched is not None
    assert aws.searched.pipelines == ["catalog", "orders", "search"]
    assert "catalog ✔ SUCCEEDED" in result.stdout
    assert "orders ✘ FAILED" in result.stdout


def test_a_wrong_name_among_others(aws: FakeAws, run: Run) -> None:
    """What was found is listed, and the wrong name is told."""
    result = run("list", "--pipeline", "orders", "--pipeline", "catalgo", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)
    assert result.stderr == "No release has run a pipeline catalgo (did you mean catalog?).\n"


def test_a_known_pipeline_without_such_a_release(aws: FakeAws, run: Run) -> None:
    """The name is right, so the answer is that there is none."""
    result = run("list", "--pipeline", "web", "--until", "2026-11-22")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("no release with --pipeline web --until 2026-11-22; leave one")


def test_a_pipeline_of_a_release_that_waits(aws: FakeAws, run: Run) -> None:
    """No release has run it before."""
    waits = replace(REJECTED, status=ReleaseStatus.RUNNING, pending=True, waits_for=("new",))
    aws.releases = {"waits": replace(waits, release_id="7", closed_at=None)}
    result = run("list", "--pipeline", "new", "--json")
    assert (result.exit_code, result.stderr) == (0, "")


def test_who_may_not_list_pipelines(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The releases of a pipeline can be listed without that; other trouble is told."""

    def fails(code: str) -> None:
        def uses() -> None:
            raise refusal(code, "Scan")

        monkeypatch.setattr(aws, "uses", uses)

    fails("AccessDeniedException")
    assert run("list", "--pipeline", "oders").exit_code == 0
    fails("InternalServerError")
    assert run("list", "--pipeline", "oders").exit_code == 3


def test_a_rejected_manifest(aws: FakeAws, run: Run) -> None:
    """It has a short id, the release id in it, its file, and the error."""
    aws.releases = {"rejected": REJECTED}
    told = run("list").stdout
    assert "0b2f7c1e " in told
    assert NAME not in told
    assert "2026.11.22-7, autumn.json: ManifestInvalid" in told
    (shown,) = json.loads(run("list", "--json").stdout)
    assert shown["requestedId"] == "2026.11.22-7"
    assert shown["object"] == {"bucket": "manifests", "key": "autumn.json", "versionId": "v1"}


def test_show_a_rejected_manifest(aws: FakeAws, run: Run) -> None:
    """It says which release id the manifest has, and which file it is."""
    aws.releases = {REJECTED.release_id: REJECTED}
    told = run("show", REJECTED.release_id).stdout
    assert "release id  2026.11.22-7" in told
    assert "file        autumn.json" in told


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"dropped": None, "channel": "api"}, "2026.11.22-7, through api: ManifestInvalid"),
        ({"dropped": None, "requested_id": None}, "through s3: ManifestInvalid"),
        ({"dropped": None, "requested_id": None, "channel": None}, "    ManifestInvalid"),
    ],
)
def test_a_rejection_of_which_less_is_on_record(
    aws: FakeAws, run: Run, changes: dict[str, str | None], says: str
) -> None:
    """Of another door the door is named; an earlier build recorded no more than that."""
    aws.releases = {"rejected": replace(REJECTED, **changes)}  # type: ignore[arg-type] # texts
    assert says in run("list").stdout
