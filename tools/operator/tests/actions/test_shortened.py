"""A short name stands for the only release that it fits."""

import json
from dataclasses import replace

import pytest

from release_core.domain.release import Release, ReleaseStatus
from release_machine.actions.shortened import whole_name
from release_machine.terminal import asking
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws, refusal

RELEASE = "2026.11.22-1"
REJECTED = EXECUTION.replace("mine", "1a2b3c4d-0000-4000-8000-000000000001_5e6f")


@pytest.fixture
def listed(aws: FakeAws) -> FakeAws:
    """A deployment with releases whose ids begin alike, and a rejected manifest."""
    one = aws.releases[RELEASE]
    more = [replace(one, release_id=name) for name in ("2026.11.21-7", "2026.11.22-12", "shop")]
    rejected = replace(
        one,
        release_id=REJECTED,
        execution_arn=REJECTED,
        status=ReleaseStatus.REJECTED,
        pipeline_count=0,
        why="ManifestInvalid: pipelines: missing",
        pipelines={},
    )
    aws.releases = {each.release_id: each for each in (one, *more, rejected)}
    return aws


@pytest.mark.parametrize(
    ("name", "whole", "guessed"),
    [
        ("2026.11.21", "2026.11.21-7", True),
        ("sh", "shop", True),
        ("2026…-7", "2026.11.21-7", True),
        ("2026.11.22-12", "2026.11.22-12", False),
        (RELEASE, RELEASE, False),
        ("1a2b3c4d", REJECTED, False),  # as the list names it
        ("1a2", REJECTED, True),
        ("1a2b3c4d-0000", REJECTED, True),
        ("mine", "mine", False),
        ("nothing", "nothing", False),
        ("2026.11.2?", "2026.11.2?", False),
    ],
)
def test_the_only_one(listed: FakeAws, name: str, whole: str, *, guessed: bool) -> None:
    """A whole name always stands for itself, also one that another name begins with."""
    assert whole_name(listed, name) == (whole, guessed)  # type: ignore[arg-type]  # it stands for a session


def test_the_id_of_rejected_manifests(listed: FakeAws, run: Run) -> None:
    """It stands for the last of them, and for no release whose id begins like it."""
    last = replace(listed.releases[REJECTED], requested_id="2026.11.22")
    before = replace(last, release_id=f"{REJECTED}-before")
    listed.releases |= {REJECTED: last, before.release_id: before}
    assert whole_name(listed, "2026.11.22") == (REJECTED, False)  # type: ignore[arg-type]  # it stands for a session
    assert json.loads(run("show", "2026.11.22", "--json").stdout)["executionArn"] == REJECTED
    result = run("retry", "2026.11.22")
    assert result.exit_code == 2
    assert "was rejected, so there is no release to retry" in result.stderr


HANDED_IN_AGAIN = "2026.11.23"


@pytest.fixture
def rejected_before(listed: FakeAws) -> FakeAws:
    """A deployment in which a manifest was rejected that is handed in again."""
    before = replace(listed.releases[REJECTED], requested_id=HANDED_IN_AGAIN)
    listed.releases[REJECTED] = before
    return listed


def test_it_is_opened_between_the_reads(
    rejected_before: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rejection is older than the release, which is not in the list yet."""
    latest = [*rejected_before.releases.values()]

    def opened_meanwhile(_: int) -> list[Release]:
        opened = replace(latest[0], release_id=HANDED_IN_AGAIN)
        rejected_before.releases[HANDED_IN_AGAIN] = opened
        return latest

    monkeypatch.setattr(rejected_before, "latest", opened_meanwhile)
    assert whole_name(rejected_before, HANDED_IN_AGAIN) == (HANDED_IN_AGAIN, False)  # type: ignore[arg-type]  # it stands for a session


def test_it_begins_to_wait_between_the_reads(
    rejected_before: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rejection is older than the release that waits."""
    latest = [*rejected_before.releases.values()]

    def waits_meanwhile(_: int) -> list[Release]:
        waits = replace(latest[0], release_id=HANDED_IN_AGAIN, pending=True)
        rejected_before.waiting = [waits]
        return [waits, *latest]

    monkeypatch.setattr(rejected_before, "latest", waits_meanwhile)
    assert whole_name(rejected_before, HANDED_IN_AGAIN) == (HANDED_IN_AGAIN, False)  # type: ignore[arg-type]  # it stands for a session


def test_the_first_was_rejected_under_its_own_id(rejected_before: FakeAws) -> None:
    """Its execution was named after the release; the last rejection is the answer all the same."""
    last = rejected_before.releases[REJECTED]
    first = EXECUTION.replace("mine", HANDED_IN_AGAIN)
    rejected_before.releases[first] = replace(last, release_id=first, execution_arn=first)
    assert whole_name(rejected_before, HANDED_IN_AGAIN) == (REJECTED, False)  # type: ignore[arg-type]  # it stands for a session
    # As the only one, or when no later one is among the latest, it is found by its name.
    rejected_before.releases.pop(REJECTED)
    assert whole_name(rejected_before, HANDED_IN_AGAIN) == (HANDED_IN_AGAIN, False)  # type: ignore[arg-type]  # it stands for a session


def test_the_name_of_a_rejected_execution_is_whole(listed: FakeAws) -> None:
    """Also the long name that AWS gives it, of which the list has only the beginning."""
    name = REJECTED.rpartition(":")[2]
    assert whole_name(listed, name) == (name, False)  # type: ignore[arg-type]  # it stands for a session
    listed.releases = {REJECTED: listed.releases[REJECTED], f"{name}-more": listed.releases["shop"]}
    assert whole_name(listed, name) == (name, False)  # type: ignore[arg-type]  # it stands for a session


def test_watch_says_when_it_was_rejected(rejected_before: FakeAws, run: Run) -> None:
    """The person may have handed it in again, and sees that this is not the answer to it."""
    by_id = run("watch", HANDED_IN_AGAIN)
    assert by_id.exit_code == 1
    assert by_id.stderr.startswith("Rejected at 2026-11-22T10:00:42Z, nothing was started. ")
    assert by_id.stderr.endswith(
        "If it was handed in again since then, that is not on record yet. "
        f"Look again with: release-machine watch {HANDED_IN_AGAIN}\n"
    )
    # Whoever names the execution knows which one is shown.
    by_execution = run("watch", REJECTED).stderr
    assert by_execution.startswith("Rejected, nothing was started. ")
    assert "handed in again" not in by_execution
    (event,) = map(json.loads, run("watch", HANDED_IN_AGAIN, "--json").stdout.splitlines())
    assert (event["event"], event["rejectedAt"]) == ("rejected", "2026-11-22T10:00:42.000Z")


def test_a_release_that_waits_is_whole(listed: FakeAws) -> None:
    """Its id is no short name of a release that is open."""
    waits = replace(listed.releases["shop"], release_id="sho", pending=True)
    listed.waiting = [waits]
    assert whole_name(listed, "sho") == ("sho", False)  # type: ignore[arg-type]  # it stands for a session


def test_an_announced_rollback_is_whole(listed: FakeAws) -> None:
    """It is not opened yet, and watch waits for it."""
    one: Release = replace(listed.releases["shop"], rolls_back_as="shop-rollback")
    other = replace(one, release_id="shop-rollback-2", rolls_back_as=None)
    listed.releases |= {"shop": one, "shop-rollback-2": other}
    assert whole_name(listed, "shop-rollback") == ("shop-rollback", False)  # type: ignore[arg-type]  # it stands for a session


@pytest.mark.parametrize("command", ["show", "watch", "cancel", "approve"])
def test_several(listed: FakeAws, run: Run, command: str) -> None:
    """The error names them, and nothing is done."""
    result = run(command, "2026.11.2")
    assert result.exit_code == 2
    names = "2026.11.22-1, 2026.11.21-7, 2026.11.22-12"
    assert f"2026.11.2 is short for 3 releases: {names}." in result.stderr
    assert "Give more of the id." in result.stderr


def test_many_are_not_all_named(listed: FakeAws, run: Run) -> None:
    """A line stays readable."""
    one = listed.releases["shop"]
    listed.releases |= {f"x{n}": replace(one, release_id=f"x{n}") for n in range(9)}
    assert "x0, x1, x2, x3, x4 and 4 more" in run("show", "x").stderr


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person reads what the command writes."""
    monkeypatch.setattr(asking, "is_terminal", lambda **_: True)


READING = [
    ("show", "sho"),
    ("show", "sho", "--json"),
    ("show", "sho", "--html", "-"),
    ("watch", "sho"),
    ("watch", "sho", "--json"),
    ("logs", "sho"),
    ("rollback", "sho", "--dry-run", "--json"),
    ("rollback", "sho", "--manifest", "-"),
]


@pytest.mark.parametrize("words", READING)
@pytest.mark.usefixtures("terminal")
def test_a_person_may_read_by_a_short_name(
    listed: FakeAws, run: Run, words: tuple[str, ...]
) -> None:
    """The person is told which release it is, beside what programs read."""
    result = run(*words)
    assert result.stderr.startswith("sho is short for shop.\n")
    assert "is short for" not in result.stdout


@pytest.mark.usefixtures("terminal")
def test_what_a_short_name_shows(listed: FakeAws, run: Run) -> None:
    """The release with its whole name."""
    assert "Release shop  ✔ SUCCEEDED" in run("show", "sho").stdout
    assert "release shop: SUCCEEDED" in run("watch", "sho").stdout


@pytest.mark.parametrize("on_terminal", [True, False])
def test_a_rejected_manifest_is_read_as_it_is_listed(
    listed: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch, *, on_terminal: bool
) -> None:
    """It has no other name that a list could show, so scripts take it, too."""
    monkeypatch.setattr(asking, "is_terminal", lambda **_: on_terminal)
    shown = run("show", "1a2b3c4d", "--json")
    assert json.loads(shown.stdout)["status"] == "REJECTED"
    assert shown.stderr == ""
    result = run("watch", "1a2b3c4d")
    assert result.exit_code == 1
    assert "ManifestInvalid" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        *READING,
        ("cancel", "sho"),
        ("cancel", "sho", "--yes"),
        ("cancel", "sho", "--json"),
        ("retry", "sho"),
        ("retry", "sho", "--json"),
        ("rollback", "sho"),
        ("approve", "sho"),
        ("reject", "sho", "--reason", "no"),
        ("override", "sho", "--reason", "no"),
    ],
)
def test_a_script_gives_whole_ids(listed: FakeAws, run: Run, words: tuple[str, ...]) -> None:
    """A typing error must not be answered with another release: the whole id is named."""
    result = run(*words)
    assert result.exit_code == 2
    assert "There is no release sho. It may be short for shop." in result.stderr
    assert "Give the whole id: shop" in result.stderr
    assert (listed.stopped, listed.started, listed.sent) == ([], [], [])


def test_a_release_that_is_not_opened_yet(listed: FakeAws, run: Run) -> None:
    """Its id may be all that another one begins with; the outcome of that is not its outcome."""
    listed.releases["2026.11.23-hotfix"] = replace(
        listed.releases["shop"], release_id="2026.11.23-hotfix"
    )
    result = run("watch", "2026.11.23")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "There is no release 2026.11.23. It may be short for 2026.11.23-hotfix." in result.stderr
    # A number is the beginning of many names that AWS gives to executions.
    assert run("watch", "1").exit_code == 2


def test_a_person_is_asked(listed: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the question names the whole id, once."""
    monkeypatch.setattr(asking, "is_terminal", lambda **_: True)
    asked: list[str] = []

    def agrees(question: str, *, on_stderr: bool) -> bool:
        assert not on_stderr
        asked.append(question)
        return True

    monkeypatch.setattr(asking, "_agrees", agrees)
    listed.set_status("RUNNING", closed_at=None)
    assert run("cancel", "sho").exit_code == 0
    assert [each["executionArn"] for each in listed.stopped]
    listed.answer = {"message": ""}
    run("override", "sho", "--reason", "now")
    assert listed.sent == [("POST", "overrides", "shop")]
    place = "release-machine (account 000000000000, us-east-1)"
    assert asked == [f"Stop release shop of {place}?", "sho is short for shop. Go on?"]


def test_a_rejected_manifest_cannot_be_changed(listed: FakeAws, run: Run) -> None:
    """So its short name is taken everywhere, and the error says what it is."""
    result = run("retry", "1a2b3c4d")
    assert result.exit_code == 2
    assert "was rejected, so there is no release to retry" in result.stderr


def test_who_may_not_read_gives_whole_ids(
    listed: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A permission to override is enough to override."""

    def denied(_: str) -> None:
        raise refusal("AccessDeniedException", "GetItem")

    monkeypatch.setattr(listed, "get_header", denied)
    listed.answer = {"message": ""}
    run("override", "sho", "--reason", "now")
    assert listed.sent == [("POST", "overrides", "sho")]
