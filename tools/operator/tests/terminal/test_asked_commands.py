"""submit, cancel and rollback show what they would do and ask, on a terminal."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from release_core.domain.approvals import Approval
from release_core.domain.release import ReleaseStatus
from release_core.plan.document import Plan, PlannedPipeline, Standing
from release_core.plan.survey import PipelineFacts
from release_machine.cli import cli
from release_machine.commands import submit as submit_command
from release_machine.errors import UnreachableError
from release_machine.terminal import asking
from tools.operator.tests.conftest import Run, pipeline
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws
from tools.operator.tests.samples.fake_rollbacks import RELEASE, ROLLBACK, Core

PLACE = "release-machine (account 000000000000, us-east-1)"
type Typed = Callable[..., Result]


@pytest.fixture
def typed(run: Run, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Call the command on a terminal, on which this answer is typed."""
    del run  # it has made the manifest
    monkeypatch.setattr(asking, "is_terminal", lambda **_: True)
    return lambda answer, *words: CliRunner().invoke(cli, words, input=f"{answer}\n")


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the planner answers: the fields of a plan."""
    fields: dict[str, Any] = {"release_id": "5.10", "problems": ()}
    monkeypatch.setattr(submit_command, "planner", lambda _: lambda _: Plan(**fields))
    return fields


def planned(name: str, *, dangers: tuple[str, ...] = ()) -> PlannedPipeline:
    """A pipeline of a plan of which nothing else is known."""
    return PlannedPipeline(
        name=name,
        depends_on=(),
        declaration=None,
        facts=PipelineFacts(),
        sources=(),
        variables=(),
        held_by=None,
        usual=None,
        starts_after=None,
        problems=(),
        warnings=(),
        dangers=dangers,
    )


# submit


def test_submit_shows_the_plan_and_asks(aws: FakeAws, typed: Typed, plan: dict[str, Any]) -> None:
    """The question names the release and the deployment; after yes it is handed in."""
    result = typed("y", "submit", "manifest.json")
    assert result.exit_code == 0, result.output
    shown, asked, rest = result.stdout.partition(f"Submit release 5.10 to {PLACE}? [y/N] ")
    assert "Plan of release 5.10  ✔ would be released" in shown
    assert asked
    assert "dropped s3://manifests/manifest-" in rest


def test_submit_after_no(aws: FakeAws, typed: Typed, plan: dict[str, Any]) -> None:
    """Nothing is handed in, with exit code 1."""
    result = typed("n", "submit", "manifest.json")
    assert result.exit_code == 1
    assert result.stdout.endswith("Nothing was changed.\n")
    assert aws.dropped == b""


def test_submit_what_would_be_rejected(aws: FakeAws, typed: Typed, plan: dict[str, Any]) -> None:
    """The question says so; a person may know better than the own permissions tell."""
    plan["problems"] = ("pipelines[0]: you may not read pipeline 'a'",)
    result = typed("", "submit", "manifest.json")
    assert result.exit_code == 1
    assert "you may not read pipeline 'a'" in result.stdout
    assert f"It would not be released. Submit release 5.10 to {PLACE}? [y/N]" in result.stdout
    assert typed("y", "submit", "manifest.json").exit_code == 0


def test_submit_of_a_build_that_was_rolled_back(
    aws: FakeAws, typed: Typed, plan: dict[str, Any]
) -> None:
    """The question names it once more: of a long plan only the end is on the screen."""
    plan["pipelines"] = (planned("shop-web", dangers=("would ship AGAIN",)), planned("shop-mail"))
    result = typed("n", "submit", "manifest.json")
    asked = "It ships AGAIN what was rolled back: shop-web. Submit release 5.10 to"
    assert asked in result.stdout
    assert aws.dropped == b""


def test_submit_without_the_permission_to_plan(
    aws: FakeAws, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may only hand manifests in still can, and is asked."""

    def denied(_: object) -> None:
        raise UnreachableError("You may not read the settings.", "Ask for it.")

    monkeypatch.setattr(submit_command, "planner", denied)
    result = typed("y", "submit", "manifest.json")
    assert result.exit_code == 0, result.output
    assert "what would change cannot be shown: You may not read the settings." in result.stdout
    assert "[y/N]" in result.stdout


def test_submit_what_is_released_already(aws: FakeAws, typed: Typed, plan: dict[str, Any]) -> None:
    """Nothing would run, so there is no question."""
    plan["already_released"] = Standing(status="SUCCEEDED")
    result = typed("n", "submit", "manifest.json")
    assert result.exit_code == 0, result.output
    assert "[y/N]" not in result.stdout


def test_submit_a_dry_run(aws: FakeAws, typed: Typed) -> None:
    """It starts nothing, so there is no question."""
    document = {"releaseId": "1", "pipelines": ["a"], "dryRun": True}
    Path("manifest.json").write_text(json.dumps(document))
    assert "[y/N]" not in typed("n", "submit", "manifest.json").stdout
    assert aws.dropped


# cancel


def test_cancel_shows_what_it_would_stop(aws: FakeAws, typed: Typed) -> None:
    """Each pipeline and approval is named with what happens to it; no leaves all as it is."""
    nodes = {
        **aws.releases[RELEASE].pipelines,
        "web": pipeline(5, "web", "RUNNING"),
        "mail": pipeline(6, "mail", "STARTING"),
        "search": pipeline(7, "search"),
        "go-live": pipeline(8, "go-live", "RUNNING", approval=Approval()),
    }
    aws.set_status("RUNNING", closed_at=None, pipelines=nodes)
    result = typed("n", "cancel", RELEASE)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"release {RELEASE} is RUNNING",
        "stays as it is: catalog SUCCEEDED, orders FAILED",
        "would be stopped after the action in progress: web, mail",
        "would be skipped: search",
        "would not be asked any more: go-live",
        "",
        f"Stop release {RELEASE} of {PLACE}? [y/N] Nothing was changed.",
    ]
    assert aws.stopped == []
    aws.set_status("RUNNING", abandons=True)
    assert "would be stopped at once: web, mail" in typed("n", "cancel", RELEASE).stdout


def test_cancel_after_yes(aws: FakeAws, typed: Typed) -> None:
    """The release is stopped; --yes does not ask and shows nothing more."""
    aws.set_status("RUNNING", closed_at=None)
    assert typed("yes", "cancel", RELEASE).exit_code == 0
    assert len(aws.stopped) == 1
    aws.set_status("RUNNING", closed_at=None)
    result = typed("n", "cancel", RELEASE, "--yes")
    assert result.exit_code == 0
    assert "would be" not in result.stdout
    assert len(aws.stopped) == 2


def test_cancel_what_is_not_opened(aws: FakeAws, typed: Typed) -> None:
    """A release that waits, and an execution that has opened nothing, are named as such."""
    release = replace(aws.releases[RELEASE], release_id="next", execution_arn=EXECUTION)
    aws.pointer, aws.execution = None, {"status": "RUNNING"}
    assert "execution mine has not opened a release" in typed("n", "cancel", "mine").stdout
    aws.waiting = [replace(release, status=ReleaseStatus.RUNNING, pending=True)]
    result = typed("n", "cancel", "next")
    assert "release next is not opened: nothing would start" in result.stdout
    assert aws.stopped == []


def test_cancel_what_is_over_does_not_ask(aws: FakeAws, typed: Typed) -> None:
    """There is nothing to decide."""
    aws.set_status("CANCELLED")
    assert "[y/N]" not in typed("n", "cancel", RELEASE).stdout
    aws.set_status("SUCCEEDED")
    assert typed("n", "cancel", RELEASE).exit_code == 2


# rollback


def test_rollback_asks_after_the_plan(aws: FakeAws, core: Core, typed: Typed) -> None:
    """No starts nothing; yes starts the rollback; --yes does not ask."""
    result = typed("n", "rollback", RELEASE)
    assert result.exit_code == 1
    plan, asked, _ = result.stdout.partition(f"Roll back release {RELEASE} of {PLACE}? [y/N] ")
    assert f"Plan of release {RELEASE}-rollback" in plan
    assert asked
    assert aws.started == []
    assert typed("y", "rollback", RELEASE).exit_code == 0
    assert len(aws.started) == 1
    assert "[y/N]" not in typed("n", "rollback", RELEASE, "--yes").stdout
    assert len(aws.started) == 2


@pytest.mark.parametrize("words", [("--dry-run",), ("--manifest", "-")])
def test_rollback_that_starts_nothing_does_not_ask(
    aws: FakeAws, core: Core, typed: Typed, words: tuple[str, ...]
) -> None:
    """A dry run and a written manifest change nothing."""
    result = typed("n", "rollback", RELEASE, *words)
    assert result.exit_code == 0
    assert "[y/N]" not in result.output
    assert aws.started == []


@pytest.mark.parametrize("words", [(), ("--yes",), ("--dry-run",)])
def test_rollback_in_which_nothing_would_change(
    aws: FakeAws, core: Core, typed: Typed, words: tuple[str, ...]
) -> None:
    """It says so, does not ask and starts nothing: what was wanted is so already."""
    aws.same = ("catalog",)
    result = typed("n", "rollback", RELEASE, *words)
    assert result.exit_code == 0, result.output
    assert "= nothing would change" in result.stdout
    assert "nothing would change: what the rollback would ship is live" in result.stdout
    assert "[y/N]" not in result.stdout
    assert aws.started == []
    core.problems = ("catalog is busy",)
    assert typed("n", "rollback", RELEASE, *words).exit_code == 0


def test_rollback_by_force_although_nothing_would_change(
    aws: FakeAws, core: Core, run: Run
) -> None:
    """--force ships it again."""
    aws.same = ("catalog",)
    assert run("rollback", RELEASE).exit_code == 0
    assert aws.started == []
    assert run("rollback", RELEASE, "--force").exit_code == 0
    assert len(aws.started) == 1


def test_rollback_in_which_something_would_change(aws: FakeAws, core: Core, run: Run) -> None:
    """One pipeline that would change is enough, and so is one that others have run since."""
    aws.same = ("catalog",)
    wanted = {**ROLLBACK.wanted, "mail": ROLLBACK.wanted["catalog"]}
    core.rollback = replace(ROLLBACK, wanted=wanted)
    assert run("rollback", RELEASE).exit_code == 0
    assert len(aws.started) == 1
    core.rollback = replace(ROLLBACK, conflicts={"mail": "v3"})
    assert run("rollback", RELEASE).exit_code == 1
