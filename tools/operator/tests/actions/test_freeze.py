"""Pipelines are frozen, freezes are listed and lifted, and one release overrides them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from release_core.clock import from_iso, now
from release_machine.actions.freeze import read_until
from release_machine.errors import OperatorError, UsageError
from tools.operator.tests.conftest import Run, at
from tools.operator.tests.samples.asking_release import BOB, FREEZE, ROLE
from tools.operator.tests.samples.fake_deployment import FakeAws

STILL = replace(FREEZE, until=now() + timedelta(hours=1))
FROZE: dict[str, object] = {"replaces": None, "pipelines": 2, "underWay": []}
ENDED = replace(FREEZE, scope="ended", until=at(0))


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2h", at(7200)),
        ("90m", at(5400)),
        ("1d12h", at(129_600)),
        ("2026-11-22T12:00:00+01:00", at(3600)),
    ],
)
def test_until(text: str, end: object) -> None:
    """The end is a time with its zone, or a duration from now."""
    assert read_until(text, at(0)) == end


@pytest.mark.parametrize(
    "text",
    ["", "2", "tomorrow", "2026-11-22T11:00:00", "-2h", "2h1d", "2h30", "1h 30m", "2H", "99999h"],
)
def test_no_time(text: str) -> None:
    """Everything else is wrong usage that shows how a time and a duration are written."""
    with pytest.raises(UsageError, match=r"--until .* or a duration such as 90m") as refused:
        read_until(text, at(0))
    assert "as in 2026-11-22T18:00:00Z, or a duration such as 90m" in refused.value.next_step


@pytest.mark.parametrize("text", ["0h", "2026-11-22T10:00:00Z", "2026-11-22T09:59:59+00:00"])
def test_a_time_that_has_passed(text: str) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(UsageError, match="has passed: it is 2026-11-22T10:00:00Z now") as refused:
        read_until(text, at(0))
    assert "Give a later time, or a duration" in refused.value.next_step


def test_freeze(aws: FakeAws, run: Run) -> None:
    """Everything is frozen, or a pattern; starts that were under way are named."""
    aws.answer = {**FROZE, "underWay": [{"releaseId": "r", "pipeline": "shop-web"}]}
    result = run("freeze", "--until", "2h", "--reason", "incident 4711")
    assert result.exit_code == 0, result.output
    first, second, third = result.stdout.splitlines()
    assert "froze * until " in first
    assert second.endswith("it covers 2 known pipelines")
    assert third.endswith("shop-web of release r was being started already")
    aws.answer = {"underWay": []}  # as an older deployment answers
    result = run("freeze", "--pipelines", "shop-*", "--until", "2h", "--reason", "sale")
    assert result.exit_code == 0, result.output
    assert aws.sent == [("POST", "freezes")] * 2
    assert [each["scope"] for each in aws.bodies] == ["*", "shop-*"]
    assert from_iso(aws.bodies[0]["until"]) > now() + timedelta(minutes=119)


def test_freeze_tells_what_it_replaces(aws: FakeAws, run: Run) -> None:
    """The freeze of another person is not replaced in silence."""
    before = {"until": "2026-11-22T12:00:00.000Z", "by": f"{ROLE}/bob", "reason": "big sale"}
    aws.answer = {**FROZE, "replaces": {"scope": "*", **before}}
    told = run("freeze", "--until", "2h", "--reason", "incident 4711").stdout
    assert "it replaces the freeze until 2026-11-22T12:00:00Z by Releaser/bob: big sale\n" in told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"pipelines": 1}, "it covers 1 known pipeline\n"),
        (
            {"pipelines": 0, "message": "shop-* matches nothing; did you mean `shop`?"},
            "warning: shop-* matches nothing; did you mean `shop`?\n",
        ),
    ],
    ids=("a pipeline", "a typo"),
)
def test_freeze_tells_what_it_covers(
    aws: FakeAws, run: Run, answer: dict[str, object], told: str
) -> None:
    """A scope that matches no known pipeline is a warning, with the nearest name."""
    aws.answer = {**FROZE, **answer}
    result = run("freeze", "--pipelines", "shop-*", "--until", "2h", "--reason", "sale")
    assert result.exit_code == 0, result.output
    assert told in result.stdout
    assert ("release-machine unfreeze 'shop-*'" in result.stdout) is (answer["pipelines"] == 0)


@pytest.mark.parametrize("left_out", ["--until", "--reason"])
def test_freeze_needs_an_end_and_a_reason(aws: FakeAws, run: Run, left_out: str) -> None:
    """Nothing is frozen for ever, or without a reason."""
    given = {"--until": "2h", "--reason": "sale"}
    words = [part for name, text in given.items() if name != left_out for part in (name, text)]
    assert run("freeze", *words).exit_code == 2
    assert aws.sent == []


def test_freezes(aws: FakeAws, run: Run) -> None:
    """Freezes that have not ended are listed."""
    aws.freezes = (STILL, ENDED)
    told = run("freezes").stdout
    assert "shop-*" in told
    assert "ended" not in told
    (found,) = json.loads(run("freezes", "--json").stdout)
    assert list(found) == ["scope", "until", "reason", "by", "at"]
    assert found["by"] == BOB
    aws.freezes = ()
    assert run("freezes").stdout == "nothing is frozen\n"


def test_unfreeze(aws: FakeAws, run: Run) -> None:
    """The only freeze needs no name; several are listed."""
    aws.answer = {"held": 2}
    aws.freezes = (STILL, ENDED)
    assert "lifted the freeze of shop-*; 2 pipelines start now" in run("unfreeze").stdout
    assert aws.sent == [("DELETE", "freezes", "shop-*")]
    aws.freezes = (STILL, replace(STILL, scope="*"))
    result = run("unfreeze")
    assert result.exit_code == 2
    assert "There are: 'shop-*', '*'." in result.stderr
    aws.answer = {"held": 0}
    assert run("unfreeze", "*").stdout.endswith("lifted the freeze of *\n")
    aws.freezes = (ENDED,)
    assert "nothing is frozen" in run("unfreeze").stdout


def test_what_stays_frozen(aws: FakeAws, run: Run) -> None:
    """A lifted freeze does not hide another one that covers the same pipelines."""
    other = {"scope": "*", "until": "2026-11-22T12:00:00Z", "reason": "big sale", "by": BOB}
    aws.answer = {"held": 0, "stillFrozenBy": [other]}
    lifted, still = run("unfreeze", "shop-*").stdout.splitlines()
    assert lifted.endswith("lifted the freeze of shop-*")
    assert still.endswith("still frozen by: * until 2026-11-22T12:00:00Z (bob: big sale)")


def test_override(aws: FakeAws, run: Run) -> None:
    """An override needs a reason; what the API refuses is an error."""
    assert run("override", "2026.11.22-1").exit_code == 2
    result = run("override", "2026.11.22-1", "--reason", "fix")
    assert result.exit_code == 0
    assert "release 2026.11.22-1 starts its pipelines in spite of freezes" in result.stdout
    assert aws.sent == [("POST", "overrides", "2026.11.22-1")]
    assert aws.bodies == [{"reason": "fix"}]
    aws.answer = OperatorError("It has ended.", "Look.")
    assert run("override", "2026.11.22-1", "--reason", "fix").exit_code == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("freeze", "--pipelines", "", "--until", "2h", "--reason", "x"), "--pipelines is empty."),
        (
            ("freeze", "--pipelines", "a,b", "--until", "2h", "--reason", "x"),
            "--pipelines a,b can match no pipeline.",
        ),
        (("freeze", "--until", "2h", "--reason", " "), "--reason is empty."),
        (("unfreeze", ""), "PATTERN is empty."),
        (("unfreeze", "\udcff"), "PATTERN \\udcff can match no pipeline."),
        (("override", "r", "--reason", ""), "--reason is empty."),
        (("override", "r", "--reason", "\udcff"), "--reason has a hidden character"),
        (("override", "r", "--reason", "x" * 1001), "--reason has more than 1,000 bytes."),
        (("reject", "r", "--reason", ""), "--reason is empty."),
        (("approve", "r", "--comment", "a\tb"), "--comment has a hidden character"),
        (("cancel", "r", "--reason", "\udcff"), "--reason is not valid UTF-8."),
    ],
)
def test_wrong_texts(aws: FakeAws, run: Run, words: tuple[str, ...], problem: str) -> None:
    """They are refused before anything is sent, by the name that the user typed."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(problem)
    assert aws.sent == []
    assert aws.stopped == []


def test_a_second_override(aws: FakeAws, run: Run) -> None:
    """The first override counts; another reason is not recorded, and the command says so."""
    aws.answer = {"releaseId": "2026.11.22-1", "reason": "hotfix", "by": BOB}
    told = run("override", "2026.11.22-1", "--reason", "fix").stdout
    assert "was already overridden by bob: hotfix; your reason is not recorded" in told
    assert "starts its pipelines" in run("override", "2026.11.22-1", "--reason", " hotfix ").stdout
