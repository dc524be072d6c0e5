"""What an approval of a release waits for, and how it is answered, in words."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from release_core.domain.people import person_of
from release_core.domain.release import Pipeline, PipelineStatus, Release
from release_core.rollback.refusals import listed
from release_machine.release.model import Activity
from release_machine.text.wording import clock_time, with_clock_times

_OF_A_PERSON = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[A-Za-z0-9_+=,.@/-]+")


def approvals_of(release: Release) -> dict[str, Pipeline]:
    """The approvals of a release by name."""
    return {name: each for name, each in release.pipelines.items() if each.approval}


def is_asked(node: Pipeline) -> bool:
    """Whether it is an approval that people are asked for now."""
    return node.approval is not None and node.status is PipelineStatus.RUNNING


def asking(release: Release, node: Pipeline) -> Activity:
    """What an approval that is asked waits for."""
    assert node.approval
    doing = Activity(
        waits_for=votes_left(node),
        since=node.approval.asked_at,
        message=node.approval.question,
        notes=tuple(_limits(release, node)),
    )
    return with_answers(release.release_id, node.name, doing)


def with_answers(release_id: str, name: str, doing: Activity) -> Activity:
    """The activity, with the commands that answer an approval, or the manual one of a pipeline.

    ``name`` is what a user calls it: the approval, PIPELINE, or PIPELINE/STAGE/ACTION.
    """
    named = f"{shlex.quote(release_id)} {shlex.quote(name)}"
    return replace(
        doing,
        way_out=f"release-machine approve {named}",
        way_to_reject=f"release-machine reject {named} --reason TEXT",
    )


def asked_name(pipeline: str, doing: Activity) -> str:
    """The name of the manual approval that a pipeline waits for, as far as it is known.

    It stands for this approval and for no later one of the pipeline.
    """
    return "/".join(part for part in (pipeline, doing.stage, doing.action) if part)


def votes_left(node: Pipeline) -> str:
    """How many approvals are missing, and how many were given."""
    assert node.approval
    given, missing = len(node.approval.approved_by), count_of_votes_left(node)
    if not given:
        return "1 approval" if missing == 1 else f"{missing} approvals"
    needed = node.approval.min_approvals
    return f"{missing} more approval{'' if missing == 1 else 's'} ({given} of {needed} given)"


def count_of_votes_left(node: Pipeline) -> int:
    """How many approvals are missing."""
    assert node.approval
    return max(0, node.approval.min_approvals - len(node.approval.approved_by))


def _limits(release: Release, node: Pipeline) -> Iterator[str]:
    assert node.approval
    if node.approval.expires_at:
        yield f"expires {clock_time(node.approval.expires_at)}"
    if not_by := list(dict.fromkeys(who_may_not(release, node))):
        yield f"cannot answer: {listed(not_by)}"
    if names := behind(release, node):
        yield f"behind it: {listed(names)}"


def may_not_answer(release: Release, node: Pipeline) -> tuple[str, ...]:
    """The ARNs of those who have answered, and with four eyes of those who asked for the release.

    Another session of the same role is the same person, unless the deployment pins sessions.
    """
    assert node.approval
    asked_for = release.requesters if node.approval.four_eyes else ()
    return tuple(dict.fromkeys([*asked_for, *(vote.by for vote in node.approval.votes)]))


def who_may_not(release: Release, node: Pipeline) -> Iterator[str]:
    """Who may not answer, in words: a role where all its sessions count as one person."""
    assert node.approval
    votes = {vote.by: vote.voter for vote in node.approval.votes}
    for arn in may_not_answer(release, node):
        # How the deployment counts the sessions of a requester is not on record: pinned or not, the
        # session of the role that asked for the release may not answer.
        voter = votes.get(arn) or person_of(arn, session_names_are_pinned=False)
        # Identity Center has set the name of the session, so it names a user in each of its roles.
        if voter == arn or ":assumed-role/*/" in voter:
            yield signer(arn)
            continue
        role, _, session = signer(arn).partition("/")
        of_role = f"the role {role} (session {session})"
        yield f"all federated users ({session})" if voter.endswith("/*") else of_role


def behind(release: Release, node: Pipeline) -> list[str]:
    """The names of what waits for an approval."""
    return [each.name for each in release.pipelines.values() if node.name in each.depends_on]


def votes(node: Pipeline) -> Iterator[str]:
    """Who answered an approval, and with which words; a failure says who rejected it."""
    for vote in node.approval.votes if node.approval else ():
        if not vote.approves and node.failure:
            continue
        words = f": {vote.comment}" if vote.comment else ""
        yield f"{'approved' if vote.approves else 'rejected'} by {signer(vote.by)}{words}"


def with_names(text: str) -> str:
    """The text with the names of people and roles in place of their ARNs; --json has the ARNs."""
    return _OF_A_PERSON.sub(lambda arn: signer(arn[0]), text)


def for_people(text: str) -> str:
    """The text with names, and with times in the zone in which times are written."""
    return with_clock_times(with_names(text))


def person(arn: str) -> str:
    """The part of an ARN that names the person, who may have chosen it; --json has all of it."""
    return re.split("[:/]", arn)[-1]


def signer(arn: str) -> str:
    """The part of an ARN that names a person, with what the person cannot choose.

    A caller chooses the name of a role's session and of a federated user, so ``ceo`` alone proves
    nothing.
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    match kind:
        case "assumed-role":
            return name
        case "federated-user":
            return f"{kind}/{name}"
        case _:
            return person(arn)
