"""The command answers approvals, and freezes pipelines, with the credentials of each person."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.people import People, Person
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.command_line import run_command
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def keys(person: Person) -> dict[str, str]:
    """The environment in which the command is called by this person."""
    signs = person.credentials
    return {"AWS_ACCESS_KEY_ID": signs.access_key, "AWS_SECRET_ACCESS_KEY": signs.secret_key}


def test_four_eyes(people: People, pipelines: Pipelines, ledger: Ledger) -> None:
    """Ada hands in and retries; only Grace can answer, and each answer is shown with her words."""
    ada, grace = people.user("ada"), people.user("grace")
    release_id, name = unique("people"), pipelines.make()
    document = manifest(
        release_id, {"name": name, "dependsOn": ["go-live"]}, approvals=[{"name": "go-live"}]
    )

    submitted = run_command("submit", "-", "--detach", stdin=json.dumps(document), **keys(ada))
    assert submitted.returncode == 0, submitted.stderr
    assert "sent to the API" in submitted.stdout
    assert ledger.header(release_id)["requesters"] == [ada.arn]

    refused = run_command("approve", release_id, "go-live", **keys(ada))
    assert refused.returncode == 1
    assert "needs four eyes" in refused.stderr

    rejected = run_command("reject", release_id, "go-live", "--reason", "too early", **keys(grace))
    assert rejected.returncode == 0, rejected.stderr
    assert run_command("watch", release_id).returncode == 1
    assert "too early (rejected by " in run_command("show", release_id).stdout

    retried = run_command("retry", release_id, "--detach", **keys(ada))
    assert retried.returncode == 0, retried.stderr
    wait_until("it is asked again", lambda: "go-live" in run_command("approvals").stdout)
    (waiting,) = [
        each
        for each in json.loads(run_command("approvals", "--json").stdout)
        if each["releaseId"] == release_id
    ]
    assert (waiting["mayNotAnswer"], waiting["behind"]) == ([ada.arn], [name])
    approved = run_command("approve", release_id, "--comment", "checked", **keys(grace))
    assert approved.returncode == 0, approved.stderr
    assert f"approved go-live of release {release_id}: 1 of 1 given" in approved.stdout

    assert run_command("watch", release_id).returncode == 0
    shown = json.loads(run_command("show", release_id, "--json").stdout)
    (vote,) = shown["approvals"][0]["votes"]
    assert (vote["by"], vote["comment"]) == (grace.arn, "checked")
    assert (shown["pipelineCount"], len(shown["pipelines"])) == (1, 1)


@pytest.fixture
def frozen(pipelines: Pipelines) -> Iterator[str]:
    """A pipeline that is frozen, and not any more at the end."""
    name = pipelines.make()
    froze = run_command(
        "freeze", "--pipelines", name, "--until", "10m", "--reason", "incident 4711"
    )
    assert froze.returncode == 0, froze.stderr
    yield name
    run_command("unfreeze", name)


def test_freeze(frozen: str, releases: Releases, ledger: Ledger) -> None:
    """What is frozen waits; an override starts it for one release, and unfreeze for all."""
    assert frozen in [each["scope"] for each in json.loads(run_command("freezes", "--json").stdout)]
    first, second = unique("frozen"), unique("frozen")
    releases.start(manifest(first, frozen))
    wait_until("it is held", lambda: "held" in ledger.pipeline(first, frozen))
    shown = run_command("show", first).stdout
    assert "frozen until" in shown
    assert f"release-machine override {first} --reason TEXT" in shown
    assert run_command("override", first, "--reason", "fixes it").returncode == 0
    assert run_command("watch", first).returncode == 0
    assert "fixes it" in run_command("show", first).stdout

    releases.start(manifest(second, frozen))
    wait_until("it is held", lambda: "held" in ledger.pipeline(second, frozen))
    lifted = run_command("unfreeze", frozen)
    assert "1 pipeline that it held starts now" in lifted.stdout
    assert run_command("watch", second).returncode == 0
    assert frozen not in run_command("freezes").stdout
    assert run_command("unfreeze", frozen).returncode == 2
