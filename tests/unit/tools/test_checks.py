"""The parts of `make test` and `make prove`: their order, their output, and the first failure."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tools.checks import parts, prove, test
from tools.checks.parts import Part

type Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run parts in an empty folder."""
    monkeypatch.setattr(parts, "ROOT", tmp_path)
    monkeypatch.setattr(parts, "LOGS", tmp_path / "logs")
    return lambda *chosen: parts.run(chosen)


def test_a_part_starts_after_those_that_it_names(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second part finds what the first one made; each output is printed in one piece."""
    second = Part("Second", "cat made; echo seen", after=("First",))
    assert run(second, Part("First", "echo one; echo two > made; echo three")) == 0
    printed = capsys.readouterr().out
    assert "one\nthree\n== First: passed (" in printed
    assert "two\nseen\n== Second: passed (" in printed
    assert printed.splitlines()[-1].startswith("== All passed (")


def test_the_first_failure_ends_all_others(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part that would run for an hour is ended with its processes; the next one never starts."""
    hour = Part("Hour", "sleep 3600 & echo $! > child; wait")
    fails = Part("Fails", "until [[ -s child ]]; do :; done; echo why; exit 3")
    never = Part("Never", "touch started", after=("Fails",))
    assert run(hour, fails, never) == 1
    assert capsys.readouterr().out.splitlines()[-2:-1] == ["why"]
    assert not (tmp_path / "started").exists()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "child").read_text())).wait(60)


def test_a_command_that_fails_in_the_middle_fails_its_part(run: Run) -> None:
    """A part fails with its first command that fails, also in a pipe."""
    assert run(Part("Middle", "false | cat; true")) == 1


@pytest.mark.parametrize("chosen", [test.PARTS, prove.PARTS], ids=["test", "prove"])
def test_every_part_can_start(chosen: tuple[Part, ...]) -> None:
    """A part waits only for parts that are there, and for none that waits for it."""
    passed = set[str]()
    for part in chosen:
        assert passed.issuperset(part.after), part.name
        passed.add(part.name)
