"""Mutants of the approvals of releases."""

from tests.simulation.mutants.mutation import Mutant

_DECIDE = "release_core/decide/approvals.py"
_PIPELINES = "release_core/ledger/pipelines.py"
_RESUME = "release_core/decide/resume.py"
_ASKED_AGAIN = ("granted, then asked again",)
_VOTES = "release_core/ledger/votes.py"
_BETWEEN = ("asked between two",)
_EXPIRES = ("answered while it expires",)
_CANCELLED = ("answered while it is cancelled",)
_AT_ONE_INSTANT = ("two have to approve", "two votes at one instant")

OF_APPROVALS = (
    Mutant(
        "start behind an approval that is only asked",
        "release_core/decide/decisions.py",
        "release.pipelines[name].status is PipelineStatus.SUCCEEDED for name in",
        "release.pipelines[name].status is not PipelineStatus.WAITING for name in",
        _BETWEEN,
    ),
    Mutant(
        "grant an approval with one vote too few",
        "release_core/domain/approvals.py",
        "len(self.approved_by) >= self.min_approvals",
        "len(self.approved_by) + 1 >= self.min_approvals",
        _AT_ONE_INSTANT,
    ),
    Mutant(
        "grant an approval before it is asked",
        _DECIDE,
        "    if pipeline.status is not PipelineStatus.RUNNING:\n        return None\n",
        "",
        ("answered ahead, twice and late",),
    ),
    Mutant(
        "let a rejection ahead wait",
        _DECIDE,
        "    if approval.rejection:\n",
        "    if approval.rejection and approval.asked_at:\n",
        ("answered ahead, twice and late",),
    ),
    Mutant(
        "go on after a rejection",
        _DECIDE,
        "return Answer(PipelineStatus.FAILED, rejected_by(approval.rejection))",
        "return Answer(PipelineStatus.SUCCEEDED)",
        _BETWEEN,
    ),
    Mutant(
        "ask on after a cancel",
        _DECIDE,
        "    if release.why_over:\n",
        "    if release.halted_by:\n",
        _CANCELLED,
    ),
    Mutant(
        "ask on after a halt",
        _DECIDE,
        "    if release.why_over:\n",
        "    if release.closed:\n",
        ("answered while it is halted",),
    ),
    Mutant(
        "expire as soon as people are asked",
        "release_core/domain/approvals.py",
        "        return self.asked_at + self.expires_after\n",
        "        return self.asked_at\n",
        _EXPIRES,
    ),
    Mutant(
        "forget when an approval expires",
        "release_core/decide/decisions.py",
        "        limits.append(pipeline.approval.expires_at)\n",
        "        limits += []\n",
        _EXPIRES,
    ),
    Mutant(
        "cancel although a vote came first",
        _PIPELINES,
        "            as_read, read = _no_other_vote(pipeline)\n",
        '            as_read, read = "attribute_exists(#approval)", {}\n',
        _CANCELLED,
    ),
    Mutant(
        "count the votes of an earlier attempt",
        "release_core/ledger/opening_items.py",
        '    *("asked_at", "votes", "voters", "rejected_by", "announcements"),\n',
        '    *("asked_at", "announcements"),\n',
        ("asked again",),
    ),
    Mutant(
        "take a vote after the end",
        _VOTES,
        'not_ended = "(#status = :waiting OR #status = :running)"',
        'not_ended = "(#status = :waiting OR #status <> :running OR #status = :running)"',
        _CANCELLED,
    ),
    Mutant(
        "count the vote of a person twice",
        _VOTES,
        'votes_once = "NOT contains(#voters, :voter)"',
        'votes_once = "NOT contains(#rejected_by, :voter)"',
        _AT_ONE_INSTANT,
    ),
    Mutant(
        "start again behind the votes of an earlier attempt",
        _RESUME,
        "if each.approval and each.approval.four_eyes and each.name in ahead",
        "if each.approval and each.approval.expires_after and each.name in ahead",
        _ASKED_AGAIN,
    ),
    Mutant(
        "hold nothing through what has succeeded",
        _RESUME,
        "dict.fromkeys(each.depends_on + depends_on[each.name])",
        "dict.fromkeys(each.depends_on)",
        _ASKED_AGAIN,
    ),
    Mutant(
        "ask nobody again in the next attempt",
        "open_release/resuming.py",
        "        names = [each.name for each in unfinished(release)]\n",
        "        names = unfinished_pipelines(release)\n",
        ("asked again",),
    ),
)
