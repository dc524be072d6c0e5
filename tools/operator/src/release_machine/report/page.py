"""The page: its content security policy, style and sections."""

import hashlib
from base64 import b64encode
from datetime import UTC
from importlib.resources import files

from release_core.domain.release import Release
from release_machine.release.model import Snapshot
from release_machine.release.spans import Schedule, schedules
from release_machine.report.about import about
from release_machine.report.approvals import approvals
from release_machine.report.attempts import attempts
from release_machine.report.audit import audit
from release_machine.report.causes import explains_itself
from release_machine.report.charts.gantt import gantt
from release_machine.report.charts.graph import graph
from release_machine.report.failures import failures_title, first_cause, further_failures
from release_machine.report.head import head
from release_machine.report.markup import Content, Markup, element, joined
from release_machine.report.next_steps import next_steps, waiting
from release_machine.report.parts import moment, section
from release_machine.report.pipelines import pipelines
from release_machine.report.revisions import revisions
from release_machine.report.statuses import shapes
from release_machine.text.wording import times_in


@times_in(UTC)
def html(snapshot: Snapshot, *, console_region: str | None = None) -> str:
    """The report of a release at one moment, as a page of its own.

    ``console_region`` is the Region of the AWS console for links to executions; None without one.
    The page needs no network and has no task tokens and no values of variables. The same snapshot
    gives the same text.
    """
    style = files("release_machine.report").joinpath("report.css").read_text(encoding="utf-8")
    page_body = element(
        "body",
        element("a", "Skip to the details", href="#details", class_="skip"),
        element("main", body(snapshot, console_region=console_region)),
        _foot(snapshot),
    )
    page = element("html", _head(snapshot.release, style), page_body, lang="en")
    return f"<!DOCTYPE html>\n{page.html}\n"


@times_in(UTC)
def body(
    snapshot: Snapshot, *, console_region: str | None = None, stages: Content = None
) -> Markup:
    """The report as a part of another page, which has its own head, main and foot.

    That page has the style sheet ``report.css``. Ids are those of one release: a page has one
    report. Each part that folds has an id. ``stages`` is what each pipeline did, where that page
    knows it.
    """
    region, release = console_region, snapshot.release
    sections = _sections(snapshot, region=region, stages=stages)
    first = [each for each in (first_cause(release, region=region), waiting(snapshot)) if each]
    return element(
        "div",
        shapes(),
        head(snapshot),
        element(
            "div",
            element("div", first, class_="first") if first else None,
            next_steps(snapshot),
            class_="lead" if first else "lead alone",
        ),
        about(snapshot, region=region),
        _contents(sections),
        element("div", [section(*each) for each in sections], id="details", class_="sections"),
        class_="report",
    )


def _head(release: Release, style: str) -> Markup:
    # The hash allows this style sheet and no other style.
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", _title(release)),
        element("style", Markup(style)),
    )


def _title(release: Release) -> str:
    about = f" \N{MIDDLE DOT} {release.title}" if release.title else ""
    return f"Release {release.label}: {release.status}{about}"


def _sections(
    snapshot: Snapshot, *, region: str | None, stages: Content
) -> list[tuple[str, str, Content]]:
    release = snapshot.release
    known = schedules(release, at=snapshot.at)
    present: Schedule | None = known[-1] if known else None
    failures = ("failures", failures_title(release), further_failures(release, region=region))
    timeline = ("timeline", "Timeline", gantt(release, present) if present else None)
    # What was stopped because the release ended is a consequence.
    first = (timeline, failures) if explains_itself(release) else (failures, timeline)
    found: list[tuple[str, str, Content]] = [
        *first,
        ("approvals", "Approvals", approvals(snapshot)),
        ("order", "Dependencies", graph(snapshot, present) if present else None),
        ("pipelines", "Pipelines", pipelines(snapshot, region=region) if present else None),
        ("stages", "Stages and actions", stages),
        ("revisions", "Revisions", revisions(release)),
        ("attempts", "Earlier attempts", attempts(release, known[:-1], region=region)),
        ("audit", "Audit trail", audit(release)),
    ]
    return [each for each in found if each[2] is not None]


def _contents(sections: list[tuple[str, str, Content]]) -> Markup:
    items = [element("li", element("a", title, href=f"#{key}")) for key, title, _ in sections]
    return element("nav", element("ul", items), aria_label="Contents")


def _foot(snapshot: Snapshot) -> Markup:
    text = joined(["As recorded at ", moment(snapshot.at), " UTC. All times are UTC."])
    return element("footer", element("p", text))
