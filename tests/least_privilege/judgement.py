"""Compares what roles have called with what they may call, in both directions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.iam.conditions import like
from tests.iam.evaluation import Decision, Request, decide
from tests.least_privilege.planned import Permission, Planned
from tests.least_privilege.recorded import Recorded


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why roles may do what no test makes them do.

    ``resource`` is as the page shows it, and empty where the reason holds for each resource of the
    actions. ``depends_on_timing``: in some runs a test uses the permission, in others not.
    """

    why: str
    actions: Sequence[str]
    roles: Sequence[str]
    resource: str = ""
    depends_on_timing: bool = False

    def covers(self, permission: Permission) -> bool:
        """Whether this is the reason of a permission."""
        return (
            permission.action in self.actions
            and self.resource in {"", permission.resource}
            and permission.role in self.roles
        )


@dataclass(frozen=True, kw_only=True)
class Denial:
    """A permission that a role does without, although a call would be answered otherwise with it.

    ``resource`` is an ARN, in which * stands for any characters.
    """

    why: str
    action: str
    role: str
    resource: str

    def covers(self, role: str, request: Request) -> bool:
        """Whether a request needs this permission."""
        return (role, request.action) == (self.role, self.action) and like(
            request.resource, self.resource
        )


def denied(planned: Planned, recorded: Recorded, denials: Iterable[Denial] = ()) -> list[str]:
    """The calls that no planned policy allows, without those that ``denials`` explain.

    Other roles than those of the plan do not matter. A denial that explains no call is named, too.
    """
    refused = [
        (role, request)
        for role, policies in planned.policies.items()
        for request in recorded.requests.get(role, [])
        if decide(policies, request) is not Decision.ALLOWED
    ]
    denials = list(denials)
    wrong = [
        f"{role} called {request.action} on {request.resource} with {dict(request.context)}"
        for role, request in refused
        if not any(denial.covers(role, request) for denial in denials)
    ]
    wrong += [
        f"{denial.role} needed no {denial.action}: {denial.why}"
        for denial in denials
        if not any(denial.covers(*each) for each in refused)
    ]
    wrong += [
        f"{call}: add the operation to localstack_call_record/authorization.py"
        for call in recorded.not_known
        if call.partition(":")[0] in planned.policies
    ]
    return sorted(wrong)


def unused(planned: Planned, recorded: Recorded) -> list[Permission]:
    """The permissions that no recorded call needed."""
    return [
        permission
        for permission in planned.permissions
        if not any(map(permission.allows, recorded.requests.get(permission.role, [])))
    ]


def not_explained(left: Iterable[Permission], reasons: Iterable[Reason]) -> list[str]:
    """The unused permissions without a reason."""
    reasons = list(reasons)
    return [
        f"{each.role} never called {each.action} on {each.resource} ({each.sid})"
        for each in left
        if not any(reason.covers(each) for reason in reasons)
    ]


def outdated(
    permissions: Iterable[Permission], left: Iterable[Permission], reasons: Iterable[Reason]
) -> Iterator[str]:
    """The parts of reasons that explain nothing.

    A test uses the permission, or it is no longer among all ``permissions``.
    """
    permissions, left = list(permissions), list(left)
    for reason in reasons:
        explainable = permissions if reason.depends_on_timing else left
        for role in reason.roles:
            for action in reason.actions:
                part = replace(reason, actions=[action], roles=[role])
                if not any(map(part.covers, explainable)):
                    yield f"{role}: {action} needs no reason: {reason.why}"
