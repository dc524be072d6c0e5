"""The events in tests/events have AWS's shape, and match exactly the rules meant for them.

Shapes: the pages on EventBridge events in the CodePipeline, S3 and Step Functions guides.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import hcl2
import pytest

from notify_people.wording import told_types
from release_core.aws.event_bus import SOURCE
from release_core.domain.announcements import PIPELINE_SETTLED, RELEASE_ORPHANED, TOLD_TO_PEOPLE
from release_core.domain.workflow_end import WorkflowEnd, read_workflow_end
from tests.contract.event_patterns import Pattern, matches, rule_patterns

ROOT = Path(__file__).parents[2]
FIXTURES = sorted((ROOT / "tests" / "events").glob("*.json"))
EVENTS = {
    path.stem: json.loads(path.read_bytes())
    for path in FIXTURES
    if not path.stem.startswith("input_")
}
INPUTS = [path for path in FIXTURES if path.stem.startswith("input_")]

MACHINE = EVENTS["execution_aborted"]["detail"]["stateMachineArn"]
BUCKET = EVENTS["manifest_dropped"]["detail"]["bucket"]["name"]


def rules_with(of_driven_pipelines: Pattern) -> dict[str, Pattern]:
    """The patterns of our rules, with this pattern for the deployment's own pipelines."""
    references = {
        "aws_s3_bucket.manifests.bucket": BUCKET,
        "aws_sfn_state_machine.release.arn": MACHINE,
        "local.prefix_of_versions": f"{MACHINE}:",
        "local.of_driven_pipelines": of_driven_pipelines,
        "local.calendar_arns": EVENTS["calendar_opened"]["resources"],
        "local.account": EVENTS["manifest_dropped"]["account"],
        "local.region": EVENTS["manifest_dropped"]["region"],
        "local.told_types": sorted(told_types()),
        "var.name_prefix": "release-machine",
    }
    return {
        name: pattern
        for file in ("events.tf", "notify.tf")
        for name, pattern in rule_patterns(ROOT / "infra" / file, references).items()
    }


RULES = rules_with({})

# The rule that each event matches, by the beginning of its name; other events match no rule.
TAKEN_BY = {
    "pipeline_": "state_changed",
    "manifest_dropped": "manifest_dropped",
    "execution_aborted": "execution_ended",
    "execution_failed": "execution_ended",
    "execution_timed_out": "execution_ended",
    "release_orphaned": "execution_ended",
    "calendar_opened": "calendar_opened",
}
PIPELINE_STATES = {
    "STARTED",
    "RESUMED",
    "STOPPING",
    "STOPPED",
    "SUCCEEDED",
    "FAILED",
    "SUPERSEDED",
    "CANCELED",
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def named(start: str) -> list[Any]:
    return [pytest.param(event, id=n) for n, event in EVENTS.items() if n.startswith(start)]


@pytest.mark.parametrize("event", named(""))
def test_events_have_the_envelope_of_eventbridge(event: dict[str, Any]) -> None:
    """Every event has EventBridge's envelope, with its time in whole UTC seconds."""
    assert list(event) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    assert event["version"] == "0"
    assert UUID.fullmatch(event["id"])
    assert re.fullmatch(r"\d{12}", event["account"])
    assert datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
    assert all(arn.startswith("arn:aws:") for arn in event["resources"])


def test_every_event_has_its_own_id() -> None:
    """No two events have the same id."""
    assert len({event["id"] for event in EVENTS.values()}) == len(EVENTS)


@pytest.mark.parametrize("event", named("pipeline_"))
def test_pipeline_events_have_the_shape_of_aws(event: dict[str, Any]) -> None:
    """A pipeline event names pipeline and execution; its numbers are integers or floats."""
    detail = event["detail"]
    assert event["detail-type"] == "CodePipeline Pipeline Execution State Change"
    assert event["source"] == "aws.codepipeline"
    assert event["resources"] == [
        f"arn:aws:codepipeline:{event['region']}:{event['account']}:{detail['pipeline']}"
    ]
    assert UUID.fullmatch(detail["execution-id"])
    assert detail["state"] in PIPELINE_STATES
    assert isinstance(detail["version"], int | float)
    assert ("execution-trigger" in detail) == (detail["state"] == "STARTED")
    assert ("stop-execution-comments" in detail) == (detail["state"] == "STOPPING")
    # Seen on AWS: all events after a retry have its time, RESUMED above all.
    if detail.get("pipeline-execution-attempt", 1) > 1:
        assert datetime.fromisoformat(detail["last-retry-attempt-time"])
    else:
        assert "last-retry-attempt-time" not in detail
    if "start-time" in detail:
        assert datetime.fromisoformat(detail["start-time"])
        assert detail["pipeline-execution-attempt"] >= 1


def test_there_are_stage_events_of_the_first_attempt_and_of_a_retry() -> None:
    """There are stage events without a count of the attempt, and one with the time of a retry."""
    details = [event["detail"] for name, event in EVENTS.items() if name.startswith("stage_")]
    states = {(one["state"], one["pipeline-execution-attempt"]) for one in details}
    assert states == {("STARTED", 0.0), ("FAILED", 0.0), ("RESUMED", 2.0)}


def test_there_is_a_pipeline_event_of_each_kind() -> None:
    """There is an event for each state, with floats, with integers, and in the older shape."""
    details = [event["detail"] for name, event in EVENTS.items() if name.startswith("pipeline_")]
    assert {detail["state"] for detail in details} == PIPELINE_STATES
    attempts = [detail.get("pipeline-execution-attempt") for detail in details]
    assert {type(attempt) for attempt in attempts} == {int, float, type(None)}
    assert any("start-time" not in detail for detail in details)


@pytest.mark.parametrize("event", [*named("stage_"), *named("action_")])
def test_stage_and_action_events_have_the_shape_of_aws(event: dict[str, Any]) -> None:
    """A stage or action event names its stage and attempt; a failed action's has the reason."""
    kind = "Action" if "action" in event["detail"] else "Stage"
    assert event["detail-type"] == f"CodePipeline {kind} Execution State Change"
    assert event["detail"]["stage"]
    # Seen on AWS: stage events do not count the first attempt, and action events do.
    first = 0.0 if kind == "Stage" else 1.0
    attempt = event["detail"]["pipeline-execution-attempt"]
    assert attempt == first or attempt >= 2.0
    assert (event["detail"]["state"] == "RESUMED") == (
        "stage-last-retry-attempt-time" in event["detail"]
    )
    if kind == "Action":
        assert event["detail"]["execution-result"]["error-code"] == "JobFailed"
        assert set(event["detail"]["type"]) == {"owner", "provider", "category", "version"}


@pytest.mark.parametrize("event", [*named("manifest_"), *named("other_object_")])
def test_s3_events_have_the_shape_of_aws(event: dict[str, Any]) -> None:
    """An S3 event has bucket, key, size, etag and version."""
    detail = event["detail"]
    assert (event["detail-type"], event["source"]) == ("Object Created", "aws.s3")
    assert event["resources"] == [f"arn:aws:s3:::{detail['bucket']['name']}"]
    assert set(detail["object"]) == {"key", "size", "etag", "version-id", "sequencer"}
    assert detail["reason"] == "PutObject"


@pytest.mark.parametrize("event", named("execution_"))
def test_execution_events_have_the_shape_of_aws(event: dict[str, Any]) -> None:
    """A Step Functions event has the ARN twice, the input as text, and times in ms."""
    detail = event["detail"]
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["source"] == "aws.states"
    assert event["resources"] == [detail["executionArn"]]
    assert detail["executionArn"].endswith(f":release-machine:{detail['name']}")
    assert json.loads(detail["input"])
    assert 0 < detail["startDate"] < detail["stopDate"]
    assert (detail["output"] is None) == (detail["status"] != "SUCCEEDED")


def test_the_orphan_event_has_the_fields_of_the_missed_event() -> None:
    """Our event about a missed workflow end has the fields of the event that was missed."""
    event, lost = EVENTS["release_orphaned"], EVENTS["execution_aborted"]["detail"]
    ending = read_workflow_end(event)
    assert isinstance(ending, WorkflowEnd)
    assert (event["source"], event["detail-type"]) == (SOURCE, RELEASE_ORPHANED)
    assert event["detail"] == {"releaseId": "2026.11.22-1", **ending.detail}
    assert ending.detail == {name: lost[name] for name in ending.detail}


def test_people_are_told_of_what_the_function_knows() -> None:
    """The rule lets through just the types of events that notify_people has words for."""
    with (ROOT / "infra/notify.tf").open(encoding="utf-8") as file:
        (values,) = hcl2.load(file)["locals"]
    assert {each.strip('"') for each in values["told_types"]} == told_types()
    assert told_types() == {*TOLD_TO_PEOPLE} - {PIPELINE_SETTLED}
    reference = (ROOT / "docs/operating.md").read_text("utf-8").partition("## Messages")[2]
    rows = re.findall(
        r"^\| `([A-Z]\w+ [A-Z]\w+)` \|", reference.partition("\n## ")[0], re.MULTILINE
    )
    assert {*rows} == told_types()


@pytest.mark.parametrize("detail_type", sorted(told_types()))
def test_only_events_of_this_deployment_are_told(detail_type: str) -> None:
    """An event that people are told of reaches no other rule, and no other deployment."""
    event = {
        **EVENTS["release_cancelled"],
        "detail-type": detail_type,
        "detail": {"deployment": "release-machine", "status": "FAILED"},
    }
    assert {rule for rule, pattern in RULES.items() if matches(pattern, event)} == {"people_told"}
    event["detail"] = {"deployment": "release-machine-2", "status": "FAILED"}
    assert not any(matches(pattern, event) for pattern in RULES.values())


@pytest.mark.parametrize(("name", "event"), EVENTS.items(), ids=EVENTS)
def test_each_event_matches_only_the_rule_meant_for_it(name: str, event: dict[str, Any]) -> None:
    """Each event matches the pattern of its one rule in infra/events.tf, or of none."""
    expected = {rule for start, rule in TAKEN_BY.items() if name.startswith(start)}
    if event["detail"].get("state") == "STARTED":
        expected = set()  # the function that starts an execution records it
    assert {rule for rule, pattern in RULES.items() if matches(pattern, event)} == expected


@pytest.mark.parametrize(
    ("name", "member", "other"),
    [
        ("execution_aborted", "stateMachineArn", f"{MACHINE}-2"),
        ("release_orphaned", "stateMachineArn", f"{MACHINE}-2"),
        ("manifest_dropped", "bucket", {"name": f"{BUCKET}-2"}),
    ],
)
def test_events_of_other_resources_match_no_rule(name: str, member: str, other: object) -> None:
    """Events of another state machine or bucket match no rule."""
    event = EVENTS[name]
    foreign = {**event, "detail": {**event["detail"], member: other}}
    assert not any(matches(pattern, foreign) for pattern in RULES.values())


@pytest.mark.parametrize("name", ["execution_aborted", "execution_failed", "execution_timed_out"])
def test_ends_of_versions_of_the_state_machine_are_heard(name: str) -> None:
    """An execution that an alias started may be told with the version that it runs."""
    event = EVENTS[name]
    versioned = {**event, "detail": {**event["detail"], "stateMachineArn": f"{MACHINE}:7"}}
    reached = {rule for rule, pattern in RULES.items() if matches(pattern, versioned)}
    assert reached == {"execution_ended"}


@pytest.mark.parametrize("member", ["account", "region"])
@pytest.mark.parametrize(
    "name", [name for name in EVENTS if any(name.startswith(each) for each in TAKEN_BY)]
)
def test_events_of_other_accounts_and_regions_match_no_rule(name: str, member: str) -> None:
    """An event that another account or Region forwards to the bus matches no rule."""
    foreign = {**EVENTS[name], member: "eu-north-9" if member == "region" else "999999999999"}
    assert not any(matches(pattern, foreign) for pattern in RULES.values())


@pytest.mark.parametrize(
    ("pipeline", "heard"),
    [
        ("web", True),
        ("web-2", False),
        ("shop-orders", True),
        ("shop-", True),
        ("the-shop-orders", False),
        ("eu-web-1", True),
        ("Shop-orders", False),
    ],
)
def test_only_events_of_driven_pipelines_match(pipeline: str, *, heard: bool) -> None:
    """With pipeline_name_patterns, events of other pipelines match no rule."""
    driven = ["web", {"wildcard": "shop-*"}, {"wildcard": "*-web-*"}]
    rules = rules_with({"pipeline": driven})
    event = EVENTS["pipeline_succeeded"]
    event = {**event, "detail": {**event["detail"], "pipeline": pipeline}}
    reached = {rule for rule, pattern in rules.items() if matches(pattern, event)}
    assert reached == ({"state_changed"} if heard else set())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_inputs_are_manifests_or_wrapped_manifests(path: Path) -> None:
    """An input is a manifest, or a manifest with the requester and the API's request id."""
    document = json.loads(path.read_bytes())
    manifest = document.get("manifest", document)
    assert {"releaseId", "pipelines"} <= set(manifest)
    assert set(document) - set(manifest) <= {"manifest", "requestedBy", "apiRequestId"}


def test_an_input_has_a_number_whose_spelling_matters() -> None:
    """One input has a numeric id that would lose its last zero as a number."""
    assert '"releaseId": 5.10,' in (ROOT / "tests/events/input_numeric_id.json").read_text()
