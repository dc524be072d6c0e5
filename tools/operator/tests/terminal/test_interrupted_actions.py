"""Nothing is submitted without a check, and an interrupt tells what was started."""

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
def test_an_invalid_manifest_is_not_submitted(
    aws: FakeAws, run: Run, content: bytes, said: str
) -> None:
    """Its problems are shown as by `validate`, and nothing is put into the bucket."""
    Path("manifest.json").write_bytes(content)
    result = run("submit", "manifest.json")
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
    assert aws.event == ""


def test_the_machine_judges_a_deadline_that_has_passed(aws: FakeAws, run: Run) -> None:
    """The release may exist already; then it is shown."""
    document = {"releaseId": "1", "pipelines": ["a"], "deadline": "2020-01-01T00:00:00Z"}
    Path("manifest.json").write_text(json.dumps(document))
    assert run("submit", "manifest.json").exit_code == 0


def test_interrupted_while_submitting(aws: FakeAws, run: Run) -> None:
    """The bucket may or may not have the manifest; the message tells where to check."""
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
def test_interrupted_before_submitting(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
    interrupt: type[KeyboardInterrupt],
    code: int,
) -> None:
    """The message says that nothing was started; commands that start nothing print none."""

    def interrupted(_: object) -> None:
        raise interrupt

    monkeypatch.setattr(aws_command, "Session", interrupted)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (code, told)
