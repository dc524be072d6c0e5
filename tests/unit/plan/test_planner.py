"""A plan shows what a manifest would do now, with the checks of its opening; it writes nothing."""

from datetime import timedelta
from typing import Any

import pytest

from localstack_codepipeline.model import ActionResult
from localstack_codepipeline.model import Revision as Delivered
from release_core.clock import to_iso
from release_core.decide.timing import UNRECORDED_START_WINDOW
from release_core.errors import ReleaseNotResumable
from release_core.plan.document import OUTPUT_LIMIT, Plan, PlannedPipeline
from release_core.plan.survey import PipelineFacts
from release_core.strict_json import read_json, write_json
from tests.worlds.faults import count_calls
from tests.worlds.plans import make_world, pinned, plan
from tests.worlds.release_world import ReleaseWorld, declaration


@pytest.fixture
def world() -> ReleaseWorld:
    """An account with five pipelines, whose source object has two versions."""
    return make_world()


def one(world: ReleaseWorld, pipeline: Any, **more: Any) -> PlannedPipeline:
    """Plan a release of one pipeline; returns the plan of that pipeline."""
    (planned,) = plan(world, pipeline, **more).pipelines
    return planned


def run(world: ReleaseWorld, pipeline: str, version: str, takes: timedelta) -> None:
    """Let an execution of a pipeline ship a version and take its time."""
    world.codepipeline.start_pipeline_execution(name=pipeline)
    world.finish(world.fetch(pipeline), ActionResult(revision=Delivered(version, "")))
    world.clock.advance(takes)
    world.play(pipeline)


def test_a_plan_shows_each_pipeline_and_its_sources(world: ReleaseWorld) -> None:
    """A plan has type, mode, and for each source the current and the wanted revision."""
    run(world, "orders", f"v{1:031d}", timedelta(minutes=3))
    found = plan(world, pinned(f"v{2:031d}"), "catalog").as_json()
    assert (found["valid"], found["problems"], found["warnings"]) == (True, [], [])
    orders, catalog = found["pipelines"]
    assert (orders["type"], orders["executionMode"]) == ("V2", "SUPERSEDED")
    (source,) = orders["sources"]
    assert (source["actionName"], source["provider"]) == ("Fetch", "S3")
    assert (source["current"], source["wanted"]) == (f"v{1:031d}", f"v{2:031d}")
    assert source["revisionType"] == "S3_OBJECT_VERSION_ID"
    (source,) = catalog["sources"]
    assert (source["current"], source["wanted"], source["revisionType"]) == (None, None, None)


def test_a_plan_says_what_the_release_is_about(world: ReleaseWorld) -> None:
    """As the manifest says; a document that is not a manifest says nothing."""
    about = {"title": "Prices with tax", "notes": "At 18:00.", "kind": "hotfix"}
    found = plan(world, "orders", **about).as_json()
    assert {key: found[key] for key in about} == about
    plain = plan(world, "orders").as_json()
    assert (plain["title"], plain["notes"], plain["kind"]) == (None, None, "standard")
    assert plan(world, 5).as_json()["kind"] is None


@pytest.mark.parametrize("resume", [False, True])
def test_a_plan_shows_what_a_release_that_exists_is_about(
    world: ReleaseWorld, *, resume: bool
) -> None:
    """Another title, other notes and another kind do not count, which is a warning."""
    about = {"title": "Prices with tax", "notes": "At 18:00.", "kind": "hotfix"}
    arn = world.begin("orders", **about)
    world.wait(arn)
    world.ship("v", fails=True)
    world.close(arn)
    for other, ignored in (
        ({"title": "Other", "notes": "Other.", "kind": "standard"}, "title, notes, kind"),
        ({"title": "Other"}, "title"),
        ({}, None),
        (about, None),
    ):
        found = plan(world, "orders", resume=resume, **other)
        assert found.valid
        assert {key: found.as_json()[key] for key in about} == about
        kept = "release r keeps what its first manifest said"
        warned = [each for each in found.warnings if kept in each]
        assert warned == ([f"not used of this manifest: {ignored}; {kept}"] if ignored else [])
    # Another manifest is refused: its title is that of a release that needs an id of its own.
    refused = plan(world, "orders", "catalog", title="Other").as_json()
    assert (refused["title"], refused["warnings"]) == ("Other", [])


@pytest.mark.parametrize("first", ["version", "key"])
def test_a_pinned_key_is_shown_with_its_version(world: ReleaseWorld, first: str) -> None:
    """Version and key are both shown, in either order; a key without a version is shown alone."""
    web = declaration("web")
    web["stages"][0]["actions"][0]["configuration"]["AllowOverrideForS3ObjectKey"] = "true"
    world.codepipeline.create_pipeline(pipeline=web)
    world.s3.put_object(Bucket="sources", Key="old.zip", Body=b"old")
    entry = pinned(f"v{1:031d}", "web")
    (version,) = entry["sourceRevisions"]
    key = version | {"revisionType": "S3_OBJECT_KEY", "revisionValue": "old.zip"}
    both = [version, key] if first == "version" else [key, version]
    (source,) = one(world, entry | {"sourceRevisions": both}).as_json()["sources"]
    assert (source["wanted"], source["wantedKey"]) == (f"v{1:031d}", "old.zip")
    assert source["revisionType"] == "S3_OBJECT_VERSION_ID"
    (source,) = one(world, entry | {"sourceRevisions": [key]}).as_json()["sources"]
    assert (source["wanted"], source["wantedKey"]) == ("old.zip", None)
    assert source["revisionType"] == "S3_OBJECT_KEY"


def test_a_plan_estimates_from_earlier_executions(world: ReleaseWorld) -> None:
    """Starts, end and critical path follow from earlier executions and the order."""
    run(world, "orders", "v", timedelta(minutes=3))
    run(world, "catalog", "v", timedelta(minutes=5))
    found = plan(world, "catalog", {"name": "orders", "dependsOn": ["catalog"]}).as_json()
    assert found["expectedSeconds"] == 480
    assert found["criticalPath"] == ["catalog", "orders"]
    assert [each["usualSeconds"] for each in found["pipelines"]] == [300, 180]
    assert [each["startsAfterSeconds"] for each in found["pipelines"]] == [0, 300]
    assert plan(world, "payments").as_json()["expectedSeconds"] is None


def test_a_revision_that_does_not_exist_is_a_problem(world: ReleaseWorld) -> None:
    """The problem has the path of the pin; a revision that exists is no problem."""
    found = plan(world, "catalog", pinned("v" + "9" * 31))
    (problem,) = found.problems
    assert problem.startswith(
        "pipelines[1].sourceRevisions[0].revisionValue: source action 'Fetch' has no"
    )
    assert found.pipelines[1].problems == found.problems
    assert plan(world, pinned(f"v{1:031d}")).valid


@pytest.mark.parametrize(
    ("default", "given"),
    [(None, "app.zip"), ("app.zip", None), ("no.zip", "app.zip")],
    ids=("given", "by default", "given over the default"),
)
def test_a_revision_is_looked_up_with_resolved_variables(
    world: ReleaseWorld, default: str | None, given: str | None
) -> None:
    """If the source's key is a variable, the revision is looked up under its value."""
    web = declaration("web")
    web["variables"] = [{"name": "KEY", **({"defaultValue": default} if default else {})}]
    web["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"] = "#{variables.KEY}"
    world.codepipeline.create_pipeline(pipeline=web)
    variables = {"variables": {"KEY": given}} if given else {}
    assert plan(world, pinned(f"v{1:031d}", "web") | variables).problems == ()
    (problem,) = plan(world, pinned("v" + "9" * 31, "web") | variables).problems
    assert problem.startswith(
        "pipelines[0].sourceRevisions[0].revisionValue: source action 'Fetch' has no"
    )


def test_a_missing_variable_is_the_only_problem(world: ReleaseWorld) -> None:
    """If a variable in the source's key has no value, its revision is not looked up."""
    web = declaration("web")
    web["variables"] = [{"name": "KEY"}]
    web["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"] = "#{variables.KEY}"
    world.codepipeline.create_pipeline(pipeline=web)
    (problem,) = plan(world, pinned(f"v{1:031d}", "web")).problems
    assert problem.startswith(
        "pipelines[0].variables.KEY: is required: pipeline 'web' has no default"
    )


def test_a_revision_without_permission_is_a_warning(world: ReleaseWorld) -> None:
    """If the source may not be read, the plan is valid and has a warning."""
    world.s3.denied.add(("sources", "app.zip"))
    found = plan(world, pinned(f"v{1:031d}"))
    assert found.valid
    assert found.pipelines[0].warnings == (
        "the revision of Fetch was not checked: S3 answered 403",
    )


def test_obstacles_are_warnings(world: ReleaseWorld) -> None:
    """A disabled transition and running executions are warnings; the first has the way out."""
    world.codepipeline.disable_stage_transition(
        pipelineName="orders", stageName="Deploy", transitionType="Inbound", reason="frozen"
    )
    started = world.codepipeline.start_pipeline_execution(name="orders")["pipelineExecutionId"]
    planned = one(world, "orders")
    (disabled, in_flight) = planned.warnings
    assert (
        "before stage Deploy, whose transition is disabled: frozen; enable it: aws codepipe"
        in disabled
    )
    assert "enable-stage-transition --pipeline-name orders --stage-name Deploy" in disabled
    assert started in in_flight
    told = planned.as_json()
    assert told["disabledTransitions"] == [{"stage": "Deploy", "reason": "frozen"}]
    assert [each["executionId"] for each in told["inFlight"]] == [started]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("QUEUED", "queues behind"), ("SUPERSEDED", "supersede"), ("PARALLEL", "")],
)
def test_running_executions_are_described_by_mode(
    world: ReleaseWorld, mode: str, expected: str
) -> None:
    """The warning about a running execution depends on the execution mode."""
    world.codepipeline.create_pipeline(pipeline={**declaration("web"), "executionMode": mode})
    world.codepipeline.start_pipeline_execution(name="web")
    warnings = one(world, "web").warnings
    assert [expected in each for each in warnings] == ([True] if expected else [])


def test_a_holder_is_a_problem_or_a_warning(world: ReleaseWorld) -> None:
    """A held pipeline is a problem; with onBusy wait it is a warning."""
    arn = world.begin("orders", release_id="other")
    refused = plan(world, "orders")
    assert f"orders: release other holds it ({arn})" in refused.problems[0]
    assert refused.as_json()["pipelines"][0]["heldBy"] == {
        "releaseId": "other",
        "executionArn": arn,
    }
    waiting = plan(world, "orders", onBusy="wait")
    assert waiting.valid
    assert waiting.pipelines[0].warnings == ("waits until release other has ended",)


def test_a_held_release_locks_later(world: ReleaseWorld) -> None:
    """The plan says until when it is held; who holds a pipeline now is only a warning."""
    world.begin("orders", release_id="other")
    start = world.clock() + timedelta(hours=2)
    document = {"releaseId": "r", "pipelines": ["orders"], "notBefore": to_iso(start)}
    held = world.planner()(document)
    assert held.valid
    assert held.as_json()["heldUntil"] == to_iso(start)
    assert held.pipelines[0].warnings == (
        'is rejected if release other has not ended by then; add "onBusy": "wait"',
    )
    reserving = world.planner()({**document, "holdLocks": True})
    assert "orders: release other holds it" in reserving.problems[0]
    world.clock.advance(timedelta(hours=2))
    assert world.planner()(document).held_until is None


def test_a_holder_whose_workflow_has_ended_is_ignored(world: ReleaseWorld) -> None:
    """A pipeline held by an ended execution counts as free."""
    arn = world.begin("orders", release_id="other")
    world.step_functions.stop_execution(executionArn=arn)
    assert plan(world, "orders").valid


def test_an_id_that_is_taken_is_a_problem(world: ReleaseWorld) -> None:
    """A used id with another manifest is a problem; with the same manifest it is a warning."""
    world.begin("orders")
    assert "was opened with another manifest" in plan(world, "orders", "catalog").problems[0]
    again = plan(world, "orders")
    assert again.valid
    assert "nothing runs again" in again.warnings[0]
    assert again.as_json()["alreadyReleased"] == {
        "status": "RUNNING",
        "rolledBackBy": None,
        "needsNewManifest": False,
    }


def test_a_release_whose_pin_failed_needs_a_new_manifest(world: ReleaseWorld) -> None:
    """The plan of the same manifest says so."""
    arn = world.begin(pinned(f"v{2:031d}"))
    world.wait(arn)
    gone = ActionResult("ConfigurationError", "Could not access the object.")
    world.finish(world.fetch("orders"), gone)
    world.deliver()
    assert world.close(arn)["status"] == "FAILED"
    standing = plan(world, pinned(f"v{2:031d}")).as_json()["alreadyReleased"]
    assert (standing["status"], standing["needsNewManifest"]) == ("FAILED", True)


def test_a_resume_plans_only_unsuccessful_pipelines(world: ReleaseWorld) -> None:
    """Successful pipelines are not planned again; running ones must end first."""
    arn = world.begin("orders", "catalog")
    for name in ("orders", "catalog"):
        world.wait(arn, name)
    world.complete("orders")
    assert "still runs" in plan(world, "orders", "catalog", resume=True).problems[0]
    world.step_functions.stop_execution(executionArn=arn)
    (problem,) = plan(world, "orders", "catalog", resume=True).problems
    assert problem.startswith("catalog: execution ")
    world.play("catalog", fail=ActionResult("JobFailed", "broke"))
    orders, catalog = plan(world, "orders", "catalog", resume=True).pipelines
    assert orders.warnings == ("has succeeded in this release and does not run again",)
    assert (orders.starts_after, catalog.problems, catalog.warnings) == (None, (), ())


def test_a_resume_waits_for_a_start_that_may_still_come(world: ReleaseWorld) -> None:
    """A resume is a problem while a claimed start may still happen."""
    arn = world.begin("orders")
    token = world.step_functions.wait_for_token(arn)
    registered = world.ledger.pipelines.register_token("r", "orders", token, looks_at=world.clock())
    assert registered
    world.ledger.pipelines.claim_start("r", registered, "run-pipeline/dies")
    world.step_functions.stop_execution(executionArn=arn)
    (problem,) = plan(world, "orders", resume=True).problems
    assert problem.startswith("orders: a start or retry of the previous attempt may still")
    text = write_json({"releaseId": "r", "pipelines": ["orders"], "resume": True})
    with pytest.raises(ReleaseNotResumable, match="may still take place"):
        world.open_release(world.start(text))
    world.clock.advance(UNRECORDED_START_WINDOW)
    assert plan(world, "orders", resume=True).valid


def test_there_must_be_something_to_resume(world: ReleaseWorld) -> None:
    """A resume of an unknown release is a problem."""
    assert plan(world, "orders", resume=True).problems == (
        "there is no release r to resume; remove resume",
    )


def test_a_circle_is_a_problem_of_the_plan(world: ReleaseWorld) -> None:
    """A circle is a problem of the manifest, not of a pipeline."""
    found = plan(
        world,
        {"name": "orders", "dependsOn": ["catalog"]},
        {"name": "catalog", "dependsOn": ["orders"]},
    )
    assert found.problems == (
        "pipelines: dependencies form a cycle, remove one of them: orders -> catalog -> orders",
    )


def test_a_revision_of_the_wrong_type_is_not_looked_up(world: ReleaseWorld) -> None:
    """A revision of the wrong type is one problem, and is not looked up."""
    web = declaration("web")
    web["stages"][0]["actions"][0]["actionTypeId"]["provider"] = "CodeCommit"
    world.codepipeline.create_pipeline(pipeline=web)
    (problem,) = plan(world, pinned("v", "web")).problems
    assert problem == (
        "pipelines[0].sourceRevisions[0].revisionType: source action 'Fetch' needs COMMIT_ID, "
        "as its provider is CodeCommit"
    )


def test_a_plan_looks_up_a_holder_once(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pipelines an execution holds, Step Functions is asked once."""
    world.begin("orders", "catalog", "payments", release_id="other")
    asked = count_calls(monkeypatch, world.step_functions, "describe_execution")
    assert len(plan(world, "orders", "catalog", "payments").problems) == 3
    assert len(asked) == 1


def test_an_already_released_manifest_may_be_past_its_deadline(world: ReleaseWorld) -> None:
    """The same manifest after its deadline is still answered with its release."""
    world.begin("orders")
    assert plan(world, "orders", deadline="2020-01-01T00:00:00Z").valid
    text = {"releaseId": "r", "pipelines": ["orders"], "deadline": "2020-01-01T00:00:00Z"}
    assert world.open_release(world.start(write_json(text)))["outcome"] == "ALREADY_RELEASED"


def test_all_problems_are_reported_at_once(world: ReleaseWorld) -> None:
    """Problems of the document, of its pipelines and of its deadline are reported together."""
    found = plan(
        world,
        {"name": "orders", "variables": {"X": "1"}},
        "nowhere",
        deadline="2020-01-01T00:00:00Z",
    )
    assert [each.split(":")[0] for each in found.problems] == [
        "deadline",
        "pipelines[0].variables.X",
        "pipelines[1]",
    ]
    broken = plan(world, {"name": "orders", "retries": "many"}, "nowhere", "nowhere")
    assert [each.split(":")[0] for each in broken.problems] == [
        "pipelines[0].retries",
        "pipelines[2]",
        "pipelines[1]",
        "pipelines[2]",
    ]
    assert broken.release_id == "r"
    numbered = read_json('{"releaseId": 5.10, "pipelines": []}', place="the manifest")
    assert world.planner()(numbered).release_id == "5.10"


def test_a_plan_of_many_pipelines_fits_an_output() -> None:
    """If a plan exceeds the limit of an output, details are left out, never names or problems."""
    pipelines = tuple(
        PlannedPipeline(
            name=f"pipeline-{number}",
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
        )
        for number in range(1000)
    )
    large = Plan(release_id="r", problems=(), pipelines=pipelines)
    assert len(write_json(large.as_json()).encode()) > OUTPUT_LIMIT
    output = large.as_output()
    assert len(write_json(output).encode()) <= OUTPUT_LIMIT
    assert [each["name"] for each in output["pipelines"]] == [each.name for each in pipelines]
    assert "release-machine plan shows all of it" in output["warnings"][0]
    small = Plan(release_id="r", problems=(), pipelines=pipelines[:1])
    assert small.as_output() == small.as_json()


def test_many_starts_at_once_take_their_time(world: ReleaseWorld) -> None:
    """A plan says how long the starts alone take, unless a limit spreads them."""
    names = [f"p{n:02}" for n in range(60)]
    for name in names:
        world.codepipeline.create_pipeline(pipeline=declaration(name))
    (warning,) = plan(world, *names).warnings
    assert "60 pipelines start at about the same time" in warning
    assert "may take 3 minutes" in warning
    assert not plan(world, *names, maxConcurrency=20).warnings
    chain = [{"name": name, "dependsOn": names[n - 1 : n]} for n, name in enumerate(names)]
    assert not plan(world, *chain).warnings
