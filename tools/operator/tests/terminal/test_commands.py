"""The commands as users call them: output and exit codes."""

import json
import re
import time
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError

from release_machine.cli import COMMANDS
from release_machine.commands import plan as plan_command
from release_machine.deployment.function_logs import Subject
from release_machine.errors import UsageError
from release_machine.release.busy import Hold
from release_machine.terminal import aws_command
from tests.worlds.release_world import ReleaseWorld
from tools.operator.tests.conftest import Run, at
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws
from tools.operator.tests.samples.plan_samples import PLAN

HOLD = Hold(pipeline="a", release_id="5.9", execution_arn="arn:other", since=at(-60))
REJECTED = "Rejected, nothing was started. ManifestInvalid: pipelines: missing"
PLANNED = {"status": "SUCCEEDED", "output": json.dumps({**PLAN, "valid": True})}
ALREADY_RELEASED = {
    "status": "SUCCEEDED",
    "output": json.dumps({"release_id": "2026.11.22-1", "released_by": "arn:first"}),
}

STARTED_WITH = '{"manifest": {"releaseId": "5.10", "pipelines": ["a"]}, "requestedBy": "alice"}'


def test_released(aws: FakeAws, run: Run) -> None:
    """A release that succeeds is exit code 0, with plain lines in a pipe."""
    result = run("submit", "manifest.json")
    assert result.exit_code == 0, result.output
    assert aws.dropped == b'{"releaseId": 5.10, "pipelines": ["a"]}'
    lines = result.stdout.splitlines()
    assert "dropped s3://manifests/manifest-" in lines[0]
    assert lines[1].endswith(f"execution {EXECUTION}")
    assert "release 2026.11.22-1: SUCCEEDED after 0:42" in lines[-1]
    assert "\x1b" not in result.output


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_not_released(aws: FakeAws, run: Run, status: str) -> None:
    """A release with any other end is exit code 1."""
    aws.set_status(status)
    result = run("submit", "manifest.json")
    assert result.exit_code == 1
    assert f"release 2026.11.22-1: {status}" in result.stdout


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1)])
def test_already_released(aws: FakeAws, run: Run, status: str, code: int) -> None:
    """A manifest that was already released says so, and exits with that outcome."""
    aws.set_status(status)
    aws.execution, aws.pointer = ALREADY_RELEASED, None
    result = run("submit", "manifest.json")
    assert result.exit_code == code
    assert "already released" in result.stdout
    assert "run by arn:first; nothing new was started" in result.stdout
    assert f"release 2026.11.22-1: {status}" in result.stdout


def test_rejected(aws: FakeAws, run: Run) -> None:
    """A rejected manifest is exit code 1, with the error and what to do next."""
    aws.execution = {"status": "FAILED", "error": "ManifestInvalid", "cause": "pipelines: missing"}
    aws.pointer = None
    result = run("submit", "manifest.json")
    assert result.exit_code == 1
    assert REJECTED in result.stderr
    # validate does not know which pipelines exist.
    assert "Correct the manifest, check it with: release-machine plan FILE" in result.stderr


def test_detach(aws: FakeAws, run: Run) -> None:
    """--detach returns when the release is opened, and tells how to follow it."""
    aws.set_status("RUNNING")
    result = run("submit", "manifest.json", "--detach")
    assert result.exit_code == 0, result.output
    assert result.stdout.rstrip().endswith("release-machine watch 2026.11.22-1")


def test_detach_from_busy_pipelines(aws: FakeAws, run: Run) -> None:
    """--detach does not wait for pipelines that other releases hold."""
    aws.execution, aws.pointer = {"status": "RUNNING"}, None
    aws.holds = [HOLD]
    result = run("submit", "manifest.json", "--detach")
    assert result.exit_code == 0, result.output
    assert "waits for busy pipelines: a is held by release 5.9" in result.stdout
    assert "cancel it with: release-machine cancel mine" in result.stdout
    assert result.stdout.rstrip().endswith("follow it with: release-machine watch mine")


def test_dry_run(aws: FakeAws, run: Run) -> None:
    """A dry run shows its plan and starts nothing."""
    aws.execution, aws.pointer = PLANNED, None
    result = run("submit", "manifest.json")
    assert result.exit_code == 0, result.output
    assert "a dry run: nothing was started or recorded" in result.stdout
    assert "Plan of release 2026.11.22-2  ✔ would be released" in result.stdout


FOUR_EYES = {"releaseId": "5.10", "pipelines": ["a"], "approvals": [{"name": "go-live"}]}


@pytest.mark.parametrize(
    ("manifest", "options", "by_api"),
    [
        (FOUR_EYES, (), True),
        (FOUR_EYES, ("--via", "bucket"), False),
        ({**FOUR_EYES, "approvals": [{"name": "go-live", "fourEyes": False}]}, (), False),
        ({"releaseId": "5.10", "pipelines": ["a"]}, ("--via", "api"), True),
    ],
    ids=("four eyes", "four eyes, by the bucket", "two eyes", "asked for"),
)
def test_the_door(
    aws: FakeAws, run: Run, manifest: object, options: tuple[str, ...], *, by_api: bool
) -> None:
    """The API is the door if it is asked for, or if an approval needs four eyes."""
    Path("manifest.json").write_text(json.dumps(manifest))
    aws.answer = {"executionArn": EXECUTION}
    result = run("submit", "manifest.json", *options)
    assert result.exit_code == 0, result.output
    assert (aws.sent, aws.bodies) == (([("POST", "releases")], [manifest]) if by_api else ([], []))
    assert (aws.dropped == b"") is by_api
    assert ("sent to the API" in result.stdout) is by_api


def test_the_api_refuses_a_manifest(aws: FakeAws, run: Run) -> None:
    """Its words are shown, and nothing is followed."""
    aws.answer = UsageError("The body does not have the shape of a manifest.", "Correct it.")
    result = run("submit", "manifest.json", "--via", "api")
    assert result.exit_code == 2
    assert result.stderr == "The body does not have the shape of a manifest.\nCorrect it.\n"


@pytest.mark.parametrize(
    ("code", "hint"), [("AccessDenied", True), ("SlowDown", False)], ids=("denied", "throttled")
)
def test_the_bucket_refuses_a_manifest(aws: FakeAws, run: Run, code: str, *, hint: bool) -> None:
    """A user who may not write to the bucket is told of the API."""
    aws.put_refused = code
    result = run("submit", "manifest.json")
    assert result.exit_code == 3
    told = "Use the API: release-machine submit manifest.json --via api" in result.stderr
    assert told is hint


def test_missing_manifest(aws: FakeAws, run: Run) -> None:
    """A missing manifest file is exit code 2, and nothing is submitted."""
    result = run("submit", "absent.json")
    assert result.exit_code == 2
    assert "absent.json cannot be read" in result.stderr
    assert aws.dropped == b""


def test_ctrl_c(aws: FakeAws, run: Run) -> None:
    """Ctrl-C exits with 130 and tells that the release continues and how to see it."""
    aws.interrupted = True
    result = run("submit", "manifest.json")
    assert result.exit_code == 130
    assert "the release starts by itself" in result.stderr
    assert "release-machine list" in result.stderr


def test_aws_does_not_answer(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The error has two lines and no traceback, with exit code 3."""

    def away(_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(aws_command, "Session", away)
    result = run("list")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 2
    assert "make up" in result.stderr


@pytest.mark.parametrize("name", ["2026.11.22-1", "mine"])
def test_show(aws: FakeAws, run: Run, name: str) -> None:
    """A release, or a rejected manifest by its execution, is shown with pipelines and audit."""
    aws.releases[EXECUTION] = aws.releases["2026.11.22-1"]
    result = run("show", name, "--audit")
    assert result.exit_code == 0, result.output
    for part in ("SUCCEEDED", "orders", "no such bucket", "opened through s3"):
        assert part in result.stdout
    assert not [row for row in result.stdout.splitlines() if row != row.rstrip()]
    assert result.stdout.count("\n\n") == 3


@pytest.mark.parametrize("command", ["show", "watch"])
def test_an_unknown_release(aws: FakeAws, run: Run, command: str) -> None:
    """An unknown release is exit code 2, and so is none."""
    result = run(command, "nothing")
    assert result.exit_code == 2
    assert "no release nothing" in result.stderr
    assert run(command).exit_code == 2


def test_watch(aws: FakeAws, run: Run) -> None:
    """The exit code is the outcome of the release."""
    aws.set_status("FAILED")
    assert run("watch", "2026.11.22-1").exit_code == 1


def test_watch_a_rejected_manifest(aws: FakeAws, run: Run) -> None:
    """The reason and what to do next are shown; there are no pipelines to follow."""
    none = {"pipeline_count": 0, "pipelines": {}, "why": "ManifestInvalid: pipelines: missing"}
    aws.set_status("REJECTED", release_id=EXECUTION, execution_arn=EXECUTION, **none)
    aws.releases, aws.pointer = {EXECUTION: aws.releases["2026.11.22-1"]}, None
    result = run("watch", "mine")
    assert (result.exit_code, result.stdout) == (1, "")
    assert REJECTED in result.stderr
    assert "Correct the manifest" in result.stderr
    result = run("watch", "mine", "--json")
    assert result.exit_code == 1
    (event,) = map(json.loads, result.stdout.splitlines())
    assert (event["event"], event["error"]) == ("rejected", "ManifestInvalid")
    assert event["cause"] == "pipelines: missing"
    assert "Correct the manifest" in result.stderr
    assert "retry" not in result.stderr


def test_watch_a_release_that_waits_for_pipelines(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The held pipelines are shown; Ctrl-C names the commands to watch and to cancel."""
    aws.execution, aws.pointer = {"status": "RUNNING"}, None
    aws.event, aws.holds = STARTED_WITH, [HOLD]
    looks = iter(range(5))

    def interrupted(_: float) -> None:
        if next(looks) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    result = run("watch", "mine")
    assert result.exit_code == 130
    assert "waits for busy pipelines: a is held by release 5.9" in result.stdout
    assert "release-machine watch mine" in result.stderr
    assert "release-machine cancel mine" in result.stderr


def test_watch_a_release_that_is_not_opened(aws: FakeAws, run: Run) -> None:
    """It is watched by the name of its execution, until it ends."""
    aws.execution, aws.looks_before_opening = {"status": "RUNNING"}, 3
    result = run("watch", "mine", "--json")
    assert result.exit_code == 0, result.output
    assert f"execution {EXECUTION}" in result.stderr
    events = map(json.loads, result.stdout.splitlines())
    assert {each["releaseId"] for each in events} == {"2026.11.22-1"}


def test_waiting_as_json(aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --json the wait is an event, and standard error has the lines for people."""
    aws.execution, aws.looks_before_opening = {"status": "RUNNING"}, 9
    aws.event, aws.holds = STARTED_WITH, [HOLD]
    pauses: list[float] = []

    def fail_once(seconds: float) -> None:
        aws.away = not pauses
        pauses.append(seconds)

    monkeypatch.setattr(time, "sleep", fail_once)
    result = run("watch", "mine", "--json")
    assert result.exit_code == 0, result.output
    failed, back, waits, found, *_ = map(json.loads, result.stdout.splitlines())
    assert (failed["event"], failed["releaseId"]) == ("lookFailed", None)
    assert "AWS does not answer" in failed["problem"]
    assert (back["event"], back["since"]) == ("connectedAgain", failed["at"])
    assert list(waits)[:3] == ["at", "event", "releaseId"]
    assert (waits["event"], waits["releaseId"]) == ("releaseWaits", None)
    assert waits["executionArn"] == EXECUTION
    holder = {"releaseId": "5.9", "executionArn": "arn:other"}
    assert waits["holds"] == [{"pipeline": "a", **holder, "since": "2026-11-22T09:59:00.000Z"}]
    assert found["event"] == "releaseFound"
    assert "a is held by release 5.9 since 2026-11-22T09:59:00Z" in result.stderr
    assert "The release continues; trying again." in result.stderr


@pytest.mark.parametrize(
    ("ended", "code", "told"),
    [
        (PLANNED, 0, {"event": "planned", **PLAN, "valid": True}),
        (
            {"status": "FAILED", "error": "StoppedByHand", "cause": "alice", "stopDate": at(42)},
            1,
            {
                "event": "rejected",
                "releaseId": None,
                "error": "StoppedByHand",
                "cause": "alice",
                "rejectedAt": "2026-11-22T10:00:42.000Z",
            },
        ),
        (
            ALREADY_RELEASED,
            0,
            {"event": "alreadyReleased", "releaseId": "2026.11.22-1", "releasedBy": "arn:first"},
        ),
    ],
)
def test_an_execution_that_opens_nothing_as_json(
    aws: FakeAws,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    ended: dict[str, object],
    code: int,
    told: dict[str, object],
) -> None:
    """The answer is one JSON object; everything else is on standard error."""
    aws.execution, aws.pointer = {"status": "RUNNING"}, None
    monkeypatch.setattr(time, "sleep", lambda _: setattr(aws, "execution", ended))
    result = run("watch", "mine", "--json")
    assert result.exit_code == code, result.output
    first, *rest = map(json.loads, result.stdout.splitlines())
    assert list(first)[:3] == ["at", "event", "releaseId"]
    assert {name: value for name, value in first.items() if name != "at"} == told
    assert {each["event"] for each in rest} <= {"releaseFound", "pipelineMoved", "releaseClosed"}
    assert f"execution {EXECUTION}" in result.stderr


def test_list(aws: FakeAws, run: Run) -> None:
    """The latest releases, or only those of the given statuses; a line says when there are none."""
    assert "2026.11.22-1" in run("list").stdout
    assert "2026.11.22-1" in run("list", "--status", "succeeded").stdout
    result = run("list", "--status", "FAILED", "--status", "CANCELLED")
    none = "--status FAILED --status CANCELLED; leave one out, or see the latest with: "
    none += "release-machine list"
    assert (result.exit_code, result.stdout) == (0, f"no release with {none}\n")
    assert json.loads(run("list", "--json").stdout)[0]["releaseId"] == "2026.11.22-1"


def test_show_as_json(aws: FakeAws, run: Run) -> None:
    """The release and its bill of materials are available as JSON."""
    assert json.loads(run("show", "2026.11.22-1", "--json").stdout)["status"] == "SUCCEEDED"
    assert "none on record" in run("show", "2026.11.22-1", "--bom").stdout
    assert "pipelines" in json.loads(run("show", "2026.11.22-1", "--bom", "--json").stdout)


def test_validate(run: Run, tmp_path: Path) -> None:
    """Each file is checked; manifest.json is the default."""
    result = run("validate")
    assert result.exit_code == 0
    assert result.stdout == "manifest.json: valid, release 5.10, 1 pipeline\n"
    (tmp_path / "bad.json").write_text("{")
    result = run("validate", "manifest.json", "bad.json", "--json")
    assert result.exit_code == 2
    assert [each["valid"] for each in json.loads(result.stdout)] == [True, False]
    assert run("validate", "absent.json").exit_code == 2


@pytest.mark.parametrize(
    ("text", "release_id", "problem", "line"),
    [
        ('{\n"releaseId":', None, "line 2, column 13: not JSON: ", "2:13: not JSON: "),
        (
            '{"releaseId": 5.10,\n "pipelines": ["a"], "color": 1}',
            "5.10",
            "color: unknown key",
            "2:22: color: unknown key",
        ),
    ],
)
def test_plan_of_an_invalid_manifest(
    run: Run, tmp_path: Path, text: str, release_id: str | None, problem: str, line: str
) -> None:
    """JSON gets an invalid plan, people get line and column; the exit code is 2."""
    (tmp_path / "bad.json").write_text(text)
    result = run("plan", "bad.json", "--json")
    assert result.exit_code == 2
    plan = json.loads(result.stdout)
    assert plan.keys() == PLAN.keys()
    assert (plan["releaseId"], plan["valid"], plan["pipelines"]) == (release_id, False, [])
    (told,) = plan["problems"]
    assert told.startswith(problem)
    result = run("plan", "bad.json")
    assert result.exit_code == 2
    assert result.stdout.startswith(f"bad.json:{line}")


def test_plan_past_the_deadline(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that has passed is a problem only for a manifest that is not released."""
    world = ReleaseWorld()
    monkeypatch.setattr(plan_command, "planner", lambda _: world.planner())
    manifest = {"releaseId": "r", "pipelines": ["orders"], "deadline": "2020-01-01T00:00:00Z"}
    (tmp_path / "late.json").write_text(json.dumps(manifest))
    result = run("plan", "late.json")
    assert result.exit_code == 1
    assert "deadline: 2020-01-01T00:00:00Z has passed" in result.stdout
    world.begin("orders")
    result = run("plan", "late.json", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["alreadyReleased"]["status"] == "RUNNING"


def test_schema(run: Run) -> None:
    """The schema is the one in docs/."""
    committed = Path(__file__).resolve().parents[4] / "docs" / "release-manifest.schema.json"
    assert run("schema").stdout == committed.read_text(encoding="utf-8")


def test_logs(aws: FakeAws, run: Run) -> None:
    """The lines of the functions are readable."""
    result = run("logs", "--since", "2h")
    assert result.exit_code == 0
    assert "open_release        INFO    opened" in result.stdout


def test_logs_of_a_release(aws: FakeAws, run: Run) -> None:
    """They begin when the release was handed in, and end with what the failed actions wrote."""
    result = run("logs", "2026.11.22-1")
    release = aws.releases["2026.11.22-1"]
    arns = frozenset({release.execution_arn})
    about = Subject(release_id="2026.11.22-1", execution_arns=arns)
    assert aws.asked_for_logs == [(release.opened_at, about)]
    assert result.stdout.splitlines()[-2:] == [
        "orders, Deploy → Copy failed",
        "01-01 00:00:00.000Z copy                        no such bucket",
    ]


def test_actions_that_cannot_be_listed(aws: FakeAws, run: Run) -> None:
    """The reason stands where the log of the action would stand."""
    aws.unreadable = "orders"
    told = run("logs", "2026.11.22-1").stdout
    assert "orders, Deploy → Copy failed\nits actions cannot be listed: An error" in told


def test_an_invalid_period(aws: FakeAws, run: Run) -> None:
    """A period that cannot be read is exit code 2, with an example."""
    result = run("logs", "--since", "soon")
    assert result.exit_code == 2
    assert "10m" in result.stderr


@pytest.mark.parametrize("period", ["999999d", "3654d"])
def test_a_period_before_any_log(aws: FakeAws, run: Run, period: str) -> None:
    """CloudWatch keeps no log so long, and a year before the first is no time."""
    result = run("logs", "--since", period)
    assert result.exit_code == 2
    assert f"--since {period} is more than 3653 days ago" in result.stderr


def test_help_names_the_exit_codes(run: Run) -> None:
    """The help lists the commands and explains each exit code."""
    told = run("--help").stdout
    assert all(re.search(rf"^  {name} ", told, re.MULTILINE) for name in COMMANDS)
    for code, meaning in ((0, "released"), (1, "not released"), (2, "wrong usage"), (3, "AWS")):
        assert re.search(rf"^ +{code} +{meaning}", told, re.MULTILINE)
