"""Who signed an answer: a name that its caller may choose never stands alone."""

from dataclasses import replace

import pytest

from release_core.domain.approvals import Vote
from release_core.domain.history import AuditEntry
from release_machine.release.approvals import asking as asked
from release_machine.release.approvals import signer, votes
from release_machine.release.holds import held_words, overridden
from release_machine.views.audit_view import audit_table
from tools.operator.tests.conftest import at
from tools.operator.tests.samples.asking_release import FROZEN, ROLE, asking, rejected
from tools.operator.tests.samples.drawing import drawn

CEO = f"{ROLE}/ceo"
SINGLE_SIGN_ON = (
    "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0a1b2c3d4e5f6a7b/alice@example.com"
)


@pytest.mark.parametrize(
    ("arn", "shown"),
    [
        (CEO, "Releaser/ceo"),
        ("arn:aws:sts::123456789012:federated-user/ceo", "federated-user/ceo"),
        ("arn:aws:iam::123456789012:user/team/bob", "bob"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("alice", "alice"),
    ],
)
def test_signer(arn: str, shown: str) -> None:
    """A session and a federated user stand with what they cannot choose."""
    assert signer(arn) == shown


def test_votes_holds_and_overrides() -> None:
    """Votes, freezes and overrides name the role of a session."""
    node = asking().pipelines["go-live"]
    assert node.approval
    vote = Vote(voter=ROLE, by=CEO, approves=True, comment="go", at=at(1))
    node = replace(node, approval=replace(node.approval, votes=(vote,)))
    assert list(votes(node)) == ["approved by Releaser/ceo: go"]
    assert "Z by Releaser/ceo)" in held_words(replace(FROZEN, by=CEO))
    assert overridden(rejected()) == "by Releaser/carol: fixes incident 4711"


@pytest.mark.parametrize(
    ("requester", "shown"),
    [
        (CEO, "the role Releaser (session ceo)"),
        (SINGLE_SIGN_ON, "AWSReservedSSO_Admin_0a1b2c3d4e5f6a7b/alice@example.com"),
        ("arn:aws:sts::123456789012:federated-user/ceo", "all federated users (ceo)"),
        ("arn:aws:iam::123456789012:user/carol", "carol"),
    ],
)
def test_who_cannot_answer(requester: str, shown: str) -> None:
    """All sessions of a role count as the one who asked, unless Identity Center names them."""
    release = replace(asking(), requesters=(requester,))
    (_, no, _) = asked(release, release.pipelines["go-live"]).notes
    assert no == f"cannot answer: {shown}, bob"


@pytest.mark.parametrize(
    ("voter", "shown"), [(ROLE, "the role Releaser (session ceo)"), (CEO, "Releaser/ceo")]
)
def test_who_has_answered(voter: str, shown: str) -> None:
    """The identity that counts is on record with a vote."""
    release = asking()
    node = release.pipelines["go-live"]
    assert node.approval
    vote = Vote(voter=voter, by=CEO, approves=True, comment=None, at=at(1))
    approval = replace(node.approval, four_eyes=False, votes=(vote,))
    (_, no, _) = asked(release, replace(node, approval=approval)).notes
    assert no == f"cannot answer: {shown}"


def test_audit() -> None:
    """The audit names the role of a session, too."""
    entry = AuditEntry(at=at(0), who=CEO, what="cancelled", after="CANCELLED")
    assert "cancelled by Releaser/ceo" in drawn(
        audit_table(replace(asking(), audit=(entry,)), width=100)
    )
