"""People answer the approvals of a release through the API, each with their own credentials."""

from typing import Any

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.account.people import People, Person
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Estate, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


def go_live(release_id: str, pipeline: str, **approval: Any) -> dict[str, Any]:
    """The manifest of a pipeline that waits for the approval ``go-live``."""
    return manifest(
        release_id,
        {"name": pipeline, "dependsOn": ["go-live"]},
        approvals=[{"name": "go-live", **approval}],
    )


def hand_in(releases: Releases, person: Person, document: dict[str, Any]) -> str:
    """Hand a manifest in through the API; return the ARN of its execution."""
    answer = person.release(document)
    assert answer.status == 202, answer.body
    return releases.adopt(answer.body["executionArn"])


def asked(ledger: Ledger, release_id: str, *, attempt: int = 1) -> None:
    """Wait until people are asked for ``go-live``."""

    def is_asked() -> bool:
        found = ledger.pipeline(release_id, "go-live")
        return (found.get("status"), found.get("attempt")) == ("RUNNING", attempt)

    wait_until(f"go-live of {release_id} is asked", is_asked)


def test_another_user_lets_the_release_go_live(
    releases: Releases, ledger: Ledger, people: People, estate: Estate
) -> None:
    """Ada asks for the release and cannot approve it; Grace can, and the pipeline starts."""
    ada, grace, release_id = people.user("ada"), people.user("grace"), unique("four-eyes")
    arn = hand_in(releases, ada, go_live(release_id, estate.catalog))
    asked(ledger, release_id)

    refused = ada.approve(release_id, "go-live")
    assert refused.status == 403
    assert f"{ada.arn} asked for release {release_id}" in refused.body["message"]
    assert ledger.pipeline(release_id, estate.catalog)["status"] == "WAITING"

    granted = grace.approve(release_id, "go-live", comment="Tested by hand")
    assert granted.status == 200, granted.body
    assert (granted.body["votes"], granted.body["needed"]) == (1, 1)
    assert granted.body["status"] == "SUCCEEDED"
    assert releases.end(arn)["status"] == "SUCCEEDED"
    (vote,) = ledger.pipeline(release_id, "go-live")["votes"]
    assert (vote["by"], vote["comment"]) == (grace.arn, "Tested by hand")


def test_a_rejection_fails_the_release_and_a_retry_asks_again(
    releases: Releases, ledger: Ledger, people: People, estate: Estate
) -> None:
    """Sessions of one role are one person; old answers do not count for the next attempt."""
    ada, other_session = people.session("releasers", "ada"), people.session("releasers", "grace")
    grace, release_id = people.user("grace"), unique("rejected")
    document = go_live(release_id, estate.orders)
    arn = hand_in(releases, ada, document)
    asked(ledger, release_id)
    assert other_session.approve(release_id, "go-live").status == 403

    rejected = grace.reject(release_id, "go-live", "Not on a Friday")
    assert (rejected.status, rejected.body["status"]) == (200, "FAILED")
    assert releases.end(arn)["status"] == "FAILED"
    assert "Not on a Friday" in ledger.pipeline(release_id, "go-live")["failure"]["message"]
    assert ledger.pipeline(release_id, estate.orders)["status"] == "SKIPPED"

    again = hand_in(releases, ada, document | {"resume": True})
    asked(ledger, release_id, attempt=2)
    late = grace.approve(release_id, "go-live", attempt=1)
    assert late.status == 409
    assert "is in attempt 2, not 1" in late.body["message"]
    assert grace.approve(release_id, "go-live", attempt=2).status == 200
    assert releases.end(again)["status"] == "SUCCEEDED"


def test_an_answer_may_come_before_the_question(
    releases: Releases, ledger: Ledger, people: People, estate: Estate
) -> None:
    """The second approval is answered first, and is granted as soon as it is asked."""
    ada, grace, release_id = people.user("ada"), people.user("grace"), unique("ahead")
    document = go_live(release_id, estate.catalog, dependsOn=["tested"])
    document["approvals"].insert(0, {"name": "tested"})
    arn = hand_in(releases, ada, document)
    wait_until(
        "tested is asked",
        lambda: ledger.pipeline(release_id, "tested").get("status") == "RUNNING",
    )

    ahead = grace.approve(release_id, "go-live")
    assert (ahead.status, ahead.body["status"], ahead.body["votes"]) == (200, "WAITING", 1)
    assert grace.approve(release_id, "tested").body["status"] == "SUCCEEDED"
    assert releases.end(arn)["status"] == "SUCCEEDED"
