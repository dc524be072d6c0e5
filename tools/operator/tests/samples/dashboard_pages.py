"""Every page of the dashboard as a document, by its path."""

from __future__ import annotations

from dataclasses import replace

from release_machine.dashboard import pages
from release_machine.dashboard.state import Seen, Site, Trouble, Value
from release_machine.release.searching import Filters
from release_machine.report.markup import Markup
from tools.operator.tests.samples import dashboard_samples as samples
from tools.operator.tests.samples import report_samples
from tools.operator.tests.samples.plan_samples import PLAN

NOTICE = "approved go-live of release 2026.11.22-6: 2 of 2 given"


def seen(value: Value) -> Seen[Value]:
    """A value that was just read."""
    return Seen(value=value, read_at=samples.NOW)


def troubled(value: Value) -> Seen[Value]:
    """A value that cannot be read any more."""
    trouble = Trouble(
        problem="AWS refuses the credentials: the token has expired.",
        next_step="Sign in again: aws sso login.",
        since=samples.NOW,
    )
    return Seen(value=value, read_at=samples.NOW, trouble=trouble)


def document(
    content: Markup,
    *,
    site: Site = samples.SITE,
    current: str | None = None,
    stream: str | None = None,
    notice: str | None = None,
) -> str:
    """The whole page with this content."""
    return pages.document(
        site,
        title="Page",
        current=current,
        content=content,
        stream=stream,
        notice=notice,
        read_at=samples.NOW,
    )


def contents() -> dict[str, tuple[Markup, str | None]]:
    """The content of every page with its tab, by a name."""
    look, act = samples.SITE, samples.ACTING
    asked = samples.approvals()
    no_reason = samples.confirmation(problem="A reason is missing.", next_step="Write why.")
    rollback = samples.confirmation(
        offer=samples.offer("rollback", "2026.11.22-2"),
        question="Roll back release 2026.11.22-2?",
        effects=("Release 2026.11.22-2-rollback ships again what was good before.",),
        plan=PLAN,
        words=None,
    )
    message = ("There is no such release", "The ledger has no release 5.11.", "See the history.")
    none_found = seen(replace(samples.history(), releases=(), more=False))
    searching = replace(asked, waiting=(), searching=True)
    left_open = samples.of_release(replace(report_samples.running(), left_open="ABORTED"))
    wrong = seen(replace(samples.history(), releases=(), more=False, wrong=samples.WRONG))
    found: dict[str, tuple[Markup, str | None]] = {
        "estate": (pages.estate(look, seen(samples.forty())), "estate"),
        "quiet": (pages.estate(look, seen(samples.quiet())), "estate"),
        "unread": (pages.estate(look, Seen()), "estate"),
        "trouble": (pages.estate(look, troubled(samples.quiet())), "estate"),
        "approvals": (pages.approvals(look, seen(asked)), "approvals"),
        "answering": (pages.approvals(act, seen(asked)), "approvals"),
        "nothing-asked": (pages.approvals(look, seen(replace(asked, waiting=()))), "approvals"),
        "searching": (pages.approvals(look, seen(searching)), "approvals"),
        "history": (pages.history(look, Filters(), seen(samples.history())), "history"),
        "none-found": (pages.history(look, Filters(pipelines=("shop",)), none_found), "history"),
        "wrong-filters": (pages.history(look, samples.WRONG_FILTERS, wrong), "history"),
        "filtered": (pages.history(look, samples.FILTERS, seen(samples.history())), "history"),
        "metrics": (pages.metrics(look, 90, seen(samples.metrics())), "metrics"),
        "no-metrics": (pages.metrics(look, 7, seen(samples.nothing_deployed())), "metrics"),
        "confirmation": (pages.confirmation(act, samples.confirmation(), csrf="abc"), None),
        "refused": (pages.confirmation(act, no_reason, csrf="abc"), None),
        "rollback": (pages.confirmation(act, rollback, csrf="abc"), None),
        "message": (pages.message(*message), None),
        "awaited": (pages.release(act, "2026.11.22-3", seen(samples.awaited())), None),
        "left-open": (pages.release(act, "2026.11.22-3", seen(left_open)), None),
        "asked": (pages.release(act, "2026.11.22-6", seen(samples.asked())), None),
    }
    for name in ("failed", "good", "hostile"):
        state = samples.of_release(report_samples.SAMPLES[name]())
        found[name] = (pages.release(act, state.snapshot.release.release_id, seen(state)), None)
    return found


def documents() -> dict[str, str]:
    """Every page by its path."""
    return {
        f"/{name}": document(content, site=samples.ACTING, current=current)
        for name, (content, current) in contents().items()
    }
