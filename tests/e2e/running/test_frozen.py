"""People freeze pipelines through the API; what is held goes on when it is not frozen any more."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.account.faults import Faults
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.people import People, Person
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


@pytest.fixture
def frozen(pipelines: Pipelines, people: People) -> Iterator[tuple[Person, str]]:
    """A person who has frozen a new pipeline, and the pipeline."""
    name, ada = pipelines.make(), people.user("ada")
    answer = ada.freeze(name)
    assert answer.status == 200, answer.body
    assert (answer.body["scope"], answer.body["by"]) == (name, ada.arn)
    yield ada, name
    ada.lift(name)


def is_held(ledger: Ledger, release_id: str, name: str) -> dict[str, Any]:
    """Wait until a pipeline is held; return why."""
    wait_until(f"{name} is held", lambda: "held" in ledger.pipeline(release_id, name))
    node = ledger.pipeline(release_id, name)
    assert node["status"] == "WAITING"
    held: dict[str, Any] = node["held"]
    return held


def test_what_is_frozen_is_held_until_the_freeze_is_lifted(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    frozen: tuple[Person, str],
) -> None:
    """The release waits and says why; when the freeze is lifted, it goes on and succeeds."""
    ada, name = frozen
    release_id = unique("frozen")
    arn = releases.start(manifest(release_id, name))
    held = is_held(ledger, release_id, name)
    assert (held["kind"], held["scope"], held["by"], held["why"]) == (
        *("freeze", name, ada.arn),
        "audit",
    )
    assert pipelines.executions(name) == []

    lifted = ada.lift(name)
    assert (lifted.status, lifted.body) == (
        200,
        {"scope": name, "held": 1, "stillFrozenBy": []},
    )
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert len(pipelines.executions(name)) == 1
    again = ada.lift(name)
    assert (again.status, again.body["message"][:20]) == (404, repr(name)[:20])


def test_an_override_lets_one_release_go_on(
    releases: Releases, ledger: Ledger, frozen: tuple[Person, str]
) -> None:
    """The freeze stays, and its audit says who has overridden it and why."""
    ada, name = frozen
    release_id = unique("overridden")
    arn = releases.start(manifest(release_id, name))
    is_held(ledger, release_id, name)
    overridden = ada.override(release_id, "The site is down")
    assert overridden.body == {
        "releaseId": release_id,
        "reason": "The site is down",
        "by": ada.arn,
    }
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert ada.override(release_id, "again").status == 409


def test_a_freeze_names_the_starts_that_are_under_way(
    releases: Releases,
    ledger: Ledger,
    pipelines: Pipelines,
    people: People,
    faults: Faults,
) -> None:
    """The pipeline is busy, so its start is tried again; a freeze that comes now names it."""
    name, ada, release_id = pipelines.make(), people.user("ada"), unique("under-way")
    with faults.api(
        "fail",
        pipeline=name,
        operation="StartPipelineExecution",
        code="ConflictException",
        times=1,
    ) as fault:
        arn = releases.start(manifest(release_id, name))
        wait_until("it is refused", lambda: faults.fired(fault) == 1)
        frozen = ada.freeze(name)
    assert frozen.body["underWay"] == [{"releaseId": release_id, "pipeline": name}]
    assert ada.lift(name).status == 200
    assert releases.end(arn)["status"] == "SUCCEEDED"
    assert len(pipelines.executions(name)) == 1


def test_a_freeze_in_the_past_is_refused(people: People, pipelines: Pipelines) -> None:
    """400 with the way out."""
    refused = people.user("ada").freeze(pipelines.make(), minutes=-5)
    assert refused.status == 400
    assert "Name a later time" in refused.body["message"]
