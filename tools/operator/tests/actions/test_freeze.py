"""Pipelines are frozen, freezes are listed and lifted, and one release overrides them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from release_core.clock import from_iso, now
from release_machine.actions.freeze import read_until
from release_machine.errors import OperatorError, UsageError
from tools.operator.tests.conftest import Run, at
from tools.operator.tests.samples.asking_release import BOB, FREEZE
from tools.operator.tests.samples.fake_deployment import FakeAws

STILL = replace(FREEZE, until=now() + timedelta(hours=1))
ENDED = replace(FREEZE, scope="ended", until=at(0))


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2h", at(7200)),
        ("90m", at(5400)),
        ("1d12h", at(129_600)),
        ("2026-11-22T11:00:00+01:00", at(0)),
    ],
)
def test_until(text: str, end: object) -> None:
    """The end is a time with its zone, or a duration from now."""
    assert read_until(text, at(0)) == end


@pytest.mark.parametrize("text", ["", "2", "tomorrow", "2026-11-22T11:00:00", "-2h", "2h1d"])
def test_no_time(text: str) -> None:
    """Everything else is wrong usage that shows how a time is written."""
    with pytest.raises(UsageError, match="--until") as refused:
        read_until(text, at(0))
    assert "2026-11-22T18:00:00Z" in refused.value.next_step


def test_freeze(aws: FakeAws, run: Run) -> None:
    """Everything is frozen, or a pattern; starts that were under way are named."""
    aws.answer = {"underWay": [{"releaseId": "r", "pipeline": "shop-web"}]}
    result = run("freeze", "--until", "2h", "--reason", "incident 4711")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert "froze * until " in first
    assert second.endswith("shop-web of release r was being started already")
    aws.answer = {"underWay": []}
    run("freeze", "--pipelines", "shop-*", "--until", "2h", "--reason", "sale")
    assert aws.sent == [("POST", "freezes")] * 2
    assert [each["scope"] for each in aws.bodies] == ["*", "shop-*"]
    assert from_iso(aws.bodies[0]["until"]) > now() + timedelta(minutes=119)


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


def test_a_second_override(aws: FakeAws, run: Run) -> None:
    """The first override counts; another reason is not recorded, and the command says so."""
    aws.answer = {"releaseId": "2026.11.22-1", "reason": "hotfix", "by": BOB}
    told = run("override", "2026.11.22-1", "--reason", "fix").stdout
    assert "was already overridden by bob: hotfix; your reason is not recorded" in told
    assert "starts its pipelines" in run("override", "2026.11.22-1", "--reason", " hotfix ").stdout
