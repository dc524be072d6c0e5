"""People are told what happens to a release: who subscribes gets a message for each event."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.faults import Faults
from tests.e2e.account.messages import Mailbox, Subscription
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.guides import FOLDER, File, read
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas/events"


@pytest.fixture
def everything(account: Account) -> Iterator[Subscription]:
    """A queue that gets all messages."""
    subscription = Subscription(account)
    yield subscription
    subscription.stop()


@pytest.fixture
def urgent(account: Account) -> Iterator[Subscription]:
    """A queue that gets what is wrong, and questions to people."""
    subscription = Subscription(account, {"severity": ["error", "action"]})
    yield subscription
    subscription.stop()


@pytest.fixture
def mailbox(account: Account) -> Iterator[Mailbox]:
    """An address that gets all messages."""
    mailbox = Mailbox(account)
    yield mailbox
    mailbox.stop()


def put(account: Account, detail_type: str, **changes: Any) -> None:
    """Put the example of an event on the bus, with these values in its detail."""
    (path,) = SCHEMAS.glob(f"{detail_type.lower().replace(' ', '-')}.json")
    detail = {**json.loads(path.read_text())["examples"][0], **changes}
    entry = {
        "Source": "release-machine",
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "EventBusName": account.outputs["event_bus"],
    }
    answer = account.events.put_events(Entries=[entry])  # type: ignore[list-item]  # plain keys
    assert not answer["FailedEntryCount"]


def test_a_failing_release_tells_people_in_order(
    releases: Releases,
    pipelines: Pipelines,
    faults: Faults,
    everything: Subscription,
    urgent: Subscription,
    mailbox: Mailbox,
) -> None:
    """It started, it fails, it has failed: with the reason, the next command, and no noise."""
    broken, good = pipelines.make(), pipelines.make()
    release_id = unique("told")
    fault = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "The disk is <!channel> full"}
    with faults.action("fail", pipeline=broken, **fault):
        releases.end(releases.start(manifest(release_id, broken, good)))
    wait_until(
        "people are told of the outcome", lambda: "Release Failed" in everything.types(release_id)
    )

    assert everything.types(release_id) == ["Release Started", "Release Failing", "Release Failed"]
    outcome = everything.about(release_id)[-1]
    assert outcome["Subject"] == f"[release-machine] Release {release_id} FAILED: {broken}"
    attributes = {name: each["Value"] for name, each in outcome["MessageAttributes"].items()}
    assert (attributes["type"], attributes["severity"]) == ("Release Failed", "error")
    assert json.loads(attributes["failedPipelines"]) == [broken]

    # A filter policy lets through what it names, and no more.
    wait_until("urgent messages", lambda: len(urgent.types(release_id)) == 2)
    assert urgent.types(release_id) == ["Release Failing", "Release Failed"]

    wait_until("three e-mails", lambda: len(mailbox.about(release_id)) == 3)
    email = next(each for each in mailbox.about(release_id) if "FAILED" in each["subject"])
    assert email["from"] == "release-machine <no-reply@sns.amazonaws.com>"
    at = 0
    for part in (
        f"Release {release_id} FAILED\n",
        "1 of 2 pipelines did not succeed.",
        f"- {broken} in stage {DEPLOY_STAGE}, action {DEPLOY_STAGE}: The disk is <!channel> full",
        "https://",
        "It took ",
        f"Next:\n  release-machine retry {release_id}\n",
        "In the AWS console:\n  https://",
    ):
        at = email["body"].index(part, at) + len(part)


def test_each_event_becomes_one_message(account: Account, everything: Subscription) -> None:
    """A queue gets the event itself. Pipeline Settled sends no message."""
    release_id = unique("events")
    for detail_type in ("Pipeline Settled", "Approval Requested"):
        put(account, detail_type, releaseId=release_id)
    wait_until("a message", lambda: everything.types(release_id))
    (message,) = everything.about(release_id)
    assert message["Event"]["detail-type"] == "Approval Requested"
    assert message["Event"]["source"] == "release-machine"
    assert message["Event"]["detail"]["approval"] == "go-live"
    assert "waits for your approval: go-live" in message["Subject"]


def test_events_of_other_deployments_are_not_told(
    account: Account, everything: Subscription
) -> None:
    """Two deployments in one Region put their events on the same bus."""
    release_id = unique("elsewhere")
    put(account, "Release Failed", releaseId=release_id, deployment="another")
    put(account, "Release Stuck", releaseId=release_id)
    wait_until("the message of this deployment", lambda: everything.types(release_id))
    assert everything.types(release_id) == ["Release Stuck"]


@pytest.fixture
def github() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """The address of a server that takes commit statuses, and what it got: token and body."""
    requests: list[tuple[str, Any]] = []

    class GitHub(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), GitHub) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        serving.join()


def test_a_commit_status_needs_no_function(
    account: Account, github: tuple[str, list[tuple[str, Any]]]
) -> None:
    """The files of the guide make a request of GitHub's from the event.

    LocalStack does not put the commit into the address, as EventBridge does.
    """
    address, requests = github
    steps = read(FOLDER / "commit-status.md")
    files = {each.name: json.loads(each.content) for each in steps if isinstance(each, File)}
    name, pipeline = unique("status"), unique("storefront")
    events = account.events
    key: Any = {"ApiKeyName": "Authorization", "ApiKeyValue": "Bearer TOKEN"}
    connection = events.create_connection(
        Name=name, AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": key}
    )["ConnectionArn"]
    destination = files["destination.json"] | {
        "Name": name,
        "ConnectionArn": connection,
        "InvocationEndpoint": f"{address}/repos/acme/shop/statuses/*",
    }
    arn = events.create_api_destination(**destination)["ApiDestinationArn"]
    pattern = files["pattern.json"]
    pattern["detail"]["pipeline"] = [pipeline]
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    role = "arn:aws:iam::000000000000:role/commit-status"
    (target,) = files["targets.json"]
    events.put_targets(Rule=name, Targets=[target | {"Arn": arn, "RoleArn": role}])
    try:
        put(account, "Pipeline Settled", releaseId="7", pipeline=pipeline, link="https://a.example")
        wait_until("the status arrives", lambda: requests)
    finally:
        events.remove_targets(Rule=name, Ids=[target["Id"]])
        events.delete_rule(Name=name)
        events.delete_api_destination(Name=name)
        events.delete_connection(Name=name)
    status = {
        "state": "success",
        "context": f"release/{pipeline}",
        "description": "SUCCEEDED in release 7",
        "target_url": "https://a.example",
    }
    assert requests == [("Bearer TOKEN", status)]
