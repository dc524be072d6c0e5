"""Texts from AWS and manifests cannot control a terminal, in any view."""

from dataclasses import replace

from release_core.domain.history import AuditEntry
from release_core.domain.release import Failure, ReleaseStatus
from release_machine.follow.loop import changes
from release_machine.release.model import Activity, Snapshot
from release_machine.text.printable import printable
from release_machine.views.plan_view import plan_view
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.drawing import drawn, lines, live
from tools.operator.tests.samples.fake_deployment import FakeAws
from tools.operator.tests.samples.hostile_release import hostile
from tools.operator.tests.samples.made_release import by_name
from tools.operator.tests.samples.plan_samples import PLAN

STEERING = "\x1b]0;title\x07\x1b[2J\u009b31m\rSUCCEEDED"
RAW = ("\x1b", "\x07", "\u009b", "\r", "\u202e")


def raw(text: str) -> list[str]:
    return [sign for sign in RAW if sign in text]


def steered(snapshot: Snapshot) -> Snapshot:
    """The release with control sequences in all texts from CodePipeline."""
    failure = Failure(stage="Deploy", action=STEERING, message=STEERING, link=STEERING)
    doing = Activity(stage="Ask", waits_for=f"disabled transition ({STEERING}\nforged line)")
    pipelines = by_name(
        replace(each, failure=failure if each.failure else None)
        for each in snapshot.release.pipelines.values()
    )
    nasty = AuditEntry(at=snapshot.at, who=STEERING, what=STEERING)
    release = replace(snapshot.release, pipelines=pipelines, audit=(nasty,), why=STEERING)
    return replace(snapshot, release=release, activity={"payments": doing})


def test_plain_lines_have_no_control_characters(running: Snapshot) -> None:
    """Each event stays one line, with control characters escaped."""
    seen = steered(running)
    told = lines(seen)
    assert raw(told) == []
    assert "\\u001b[2J" in told
    assert len(told.splitlines()) == len(changes(None, seen))


def test_the_live_view_has_no_control_characters(running: Snapshot) -> None:
    """Failures, waits and reasons are escaped on a terminal."""
    shown = drawn(live(steered(running), now=running.at, width=200), width=200)
    assert raw(shown) == []
    assert "\\u001b[2J" in shown


def test_show_has_no_control_characters(aws: FakeAws, run: Run, running: Snapshot) -> None:
    """Failures, reasons and names in the audit are escaped everywhere."""
    closed = replace(steered(running).release, status=ReleaseStatus.FAILED)
    aws.releases = {"2026.11.22-1": closed}
    for words in (("show", "2026.11.22-1"), ("show", "2026.11.22-1", "--bom"), ("list",)):
        result = run(*words)
        assert result.exit_code == 0, result.output
        assert raw(result.output) == []
    assert "\\u001b[2J" in run("show", "2026.11.22-1").output


def test_markup_of_rich_is_text(aws: FakeAws, run: Run, running: Snapshot) -> None:
    """A reason that looks like markup of rich is shown as it was written."""
    said = "[red]no[/blue] :warning: [/]"
    audit = (AuditEntry(at=running.at, who="[bold]", what=said),)
    aws.releases = {"2026.11.22-1": replace(running.release, why=said, audit=audit)}
    result = run("show", "2026.11.22-1", "--audit")
    assert result.exit_code == 0, result.output
    assert result.output.count(said) == 2


def test_plans_have_no_control_characters() -> None:
    """Warnings of a plan, such as reasons of disabled transitions, are escaped."""
    assert raw(drawn(plan_view({**PLAN, "warnings": [STEERING]}, width=100))) == []


def test_errors_have_no_control_characters(aws: FakeAws, run: Run) -> None:
    """The texts of errors are escaped, too."""
    aws.execution = {"status": "FAILED", "error": "ManifestInvalid", "cause": STEERING}
    aws.pointer = None
    result = run("submit", "manifest.json")
    assert result.exit_code == 1
    assert raw(result.output) == []


def test_every_text_of_a_release_is_made_printable() -> None:
    """No field of a release is left out."""
    attacked, made = repr(hostile()), repr(printable(hostile()))
    for sign in ("\\x1b", "\\x00"):
        assert sign in attacked
        assert sign not in made
