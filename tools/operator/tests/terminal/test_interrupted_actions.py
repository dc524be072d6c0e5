"""What is handed in, and what is not: checked first, and told when it is interrupted."""

import json
from pathlib import Path

import pytest

from release_machine.exit_codes import Terminated
from release_machine.terminal import aws_command
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "manifest.json:1:1: "),
        (b"\xff\xfe", "manifest.json:1:1: "),
        (b'{"releaseId": "1",\n "pipelines": ["a"], "pipes": 1}', "manifest.json:2:"),
    ],
    ids=("empty", "no text", "unknown key"),
)
def test_what_is_no_manifest_is_not_handed_in(
    aws: FakeAws, run: Run, content: bytes, said: str
) -> None:
    """Its place in the file is told as `validate` does, and the bucket gets nothing."""
    Path("manifest.json").write_bytes(content)
    result = run("submit", "manifest.json")
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
    assert aws.event == ""


def test_a_deadline_that_has_passed_is_for_the_machine(aws: FakeAws, run: Run) -> None:
    """What is released already may have such a one, and is answered with its release."""
    document = {"releaseId": "1", "pipelines": ["a"], "deadline": "2020-01-01T00:00:00Z"}
    Path("manifest.json").write_text(json.dumps(document))
    assert run("submit", "manifest.json").exit_code == 0


def test_interrupted_amid_the_handing_in(aws: FakeAws, run: Run) -> None:
    """Nobody can know whether the bucket has it: where that can be seen is told."""
    aws.put_interrupted = True
    result = run("submit", "manifest.json")
    assert result.exit_code == 130
    assert "The release may have been started" in result.stderr


@pytest.mark.parametrize(("interrupt", "code"), [(KeyboardInterrupt, 130), (Terminated, 143)])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("submit", "manifest.json"), "Interrupted. Nothing was started.\n"),
        (("retry", "1"), "Interrupted. Nothing was started.\n"),
        (("rollback", "1"), "Interrupted. Nothing was started.\n"),
        (("list",), ""),
    ],
)
def test_interrupted_before_it(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
    interrupt: type[KeyboardInterrupt],
    code: int,
) -> None:
    """Whoever ends it so early may rest assured; of a look there is nothing to say."""

    def interrupted(_: object) -> None:
        raise interrupt

    monkeypatch.setattr(aws_command, "Session", interrupted)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (code, told)
