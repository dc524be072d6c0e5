"""The write that counts the answer of one person to an approval."""

from release_core.domain.approvals import Vote
from release_core.domain.release import Pipeline, PipelineStatus
from release_core.immutable import Immutable
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Table, Update
from release_core.ledger.items import pipeline_key, read_pipeline, vote_item


class Cast(Immutable):
    """Whether a vote counts, and the approval after it; or as found, if it does not count.

    ``approval`` is None when the release has no such node.
    """

    approval: Pipeline | None
    counts: bool


class Votes:
    """Writes votes to the approvals of releases."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def cast(self, release_id: str, approval: Pipeline, vote: Vote) -> Cast:
        """Count a vote in the attempt of this approval, and record it in the audit.

        The author in the audit is who signed the vote. A vote may come before the approval is
        asked. A repeat of the very same call counts once, and says that it counts.
        """
        asked = approval.approval
        assert asked
        # Race: the release was resumed, so this is an answer to an earlier question.
        same_attempt = "#attempt = :attempt"
        # Race: its time is over, and its end, which may halt the release, is recorded next.
        still_asked = "attribute_not_exists(#stop_reason)"
        # Race: the approval was granted, expired or was cancelled.
        not_ended = "(#status = :waiting OR #status = :running)"
        # Race: another person rejects it. A rejection is final.
        not_rejected = "attribute_not_exists(#rejected_by)"
        # Race: the same person answers twice at the same moment.
        votes_once = "NOT contains(#voters, :voter)"
        # Race: another vote was the last that it needed. Until it is asked, it can be rejected.
        not_granted = "attribute_not_exists(#votes) OR size(#votes) < :needed"
        if not vote.approves:
            not_granted += " OR #status = :waiting"
        what = "approved" if vote.approves else "rejected"
        entry = self._author.audit(
            f"{what}: {vote.comment}" if vote.comment else what,
            before=approval.status,
            after=approval.status,
            who=vote.by,
        )
        item = vote_item(vote)
        conditions = (
            *(same_attempt, not_ended, still_asked),
            *(not_rejected, votes_once, f"({not_granted})"),
        )
        written = self._releases.update(
            pipeline_key(release_id, approval.name),
            Update(
                put={"rejected_by": None if vote.approves else vote.voter},
                append={"votes": item, "audit": {**entry, "at": item["at"]}},
                add={"voters": vote.voter},
                condition=" AND ".join(conditions),
                values={
                    "attempt": approval.attempt,
                    "waiting": PipelineStatus.WAITING.value,
                    "running": PipelineStatus.RUNNING.value,
                    "voter": vote.voter,
                    "needed": asked.min_approvals,
                },
            ),
        )
        # A repeat of a request whose response was lost finds its own vote.
        counts = written.applied or item in written.item.get("votes", ())
        return Cast(approval=read_pipeline(written.item) if written.item else None, counts=counts)
