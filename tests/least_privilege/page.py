"""The part of docs/permissions.md that shows what each role may do."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from tests.least_privilege.judgement import Denial, Reason
from tests.least_privilege.planned import Permission

PAGE = Path(__file__).parents[2] / "docs/permissions.md"
BEGIN = "<!-- Written by python -m tests.least_privilege; do not edit -->\n"
END = "<!-- End of what is written -->\n"


def renewed(
    text: str,
    permissions: Sequence[Permission],
    reasons: Iterable[Reason],
    denials: Iterable[Denial],
) -> str:
    """The text of the page with the tables of these permissions, reasons and denials."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = [*_roles(permissions), *_reasons(reasons), *_denials(denials)]
    return before + BEGIN + "\n" + "\n".join(tables) + "\n" + END + after


def _roles(permissions: Iterable[Permission]) -> Iterable[str]:
    for role, own in groupby(permissions, lambda each: each.role):
        yield from (f"### {role}", "", "| Statement | Allows | On |", "|---|---|---|")
        for (sid, condition), parts in groupby(own, lambda each: (each.sid, each.condition)):
            listed = list(parts)
            actions = ", ".join(f"`{each}`" for each in _once(part.action for part in listed))
            resources = ", ".join(f"`{each}`" for each in _once(part.resource for part in listed))
            only = f", only with {condition}" if condition else ""
            yield f"| {sid} | {actions} | {resources}{only} |"
        yield ""


def _reasons(reasons: Iterable[Reason]) -> Iterable[str]:
    yield from ("### Allowed, and called by no test", "")
    yield from ("| Action | Roles | Reason |", "|---|---|---|")
    for reason in reasons:
        on = f" on `{reason.resource}`" if reason.resource else ""
        actions = ", ".join(f"`{action}`" for action in reason.actions)
        roles = ", ".join(f"`{role}`" for role in reason.roles)
        sometimes = "Depends on timing. " if reason.depends_on_timing else ""
        yield f"| {actions}{on} | {roles} | {sometimes}{reason.why} |"
    yield ""


def _denials(denials: Iterable[Denial]) -> Iterable[str]:
    yield from ("### Not allowed, and not needed", "")
    yield from ("| Action | Role | Reason |", "|---|---|---|")
    for denial in denials:
        yield f"| `{denial.action}` on `{denial.resource}` | `{denial.role}` | {denial.why} |"
    yield ""


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
