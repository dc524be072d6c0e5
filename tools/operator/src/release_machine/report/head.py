"""The head of the report: which release it is, how it ended, and who asked for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from release_core.domain.release import Pipeline, Release, ReleaseKind, ReleaseStatus
from release_machine.release.approvals import approvals_of
from release_machine.release.model import Snapshot
from release_machine.release.record import resumer
from release_machine.report.durations import brief
from release_machine.report.markup import Content, Markup, element, isolated
from release_machine.report.parts import in_full, name_of, utc
from release_machine.report.statuses import badge, icon, severity, tone, words

# The cause of a failure stays on the first screen of a phone.
MOST_OF_NOTES = 100


def head(snapshot: Snapshot) -> Markup:
    """Id, status, duration, and the pipelines by status."""
    release = snapshot.release
    return element(
        "header",
        element("p", "Release report", class_="kicker"),
        element("h1", isolated(release.label)),
        _title(release),
        _outcome(snapshot),
        _opened(snapshot),
        _notes(release),
        _remark(release),
        id="head",
        class_=f"head {tone(release.status)}",
    )


def _title(release: Release) -> Markup | None:
    """What its manifest says that the release is about, after the mark of a hotfix."""
    is_hotfix = release.kind is ReleaseKind.HOTFIX
    if not (release.title or is_hotfix):
        return None
    mark = element("span", "hotfix", class_="hotfix") if is_hotfix else None
    return element("p", mark, isolated(release.title), class_="title")


def _notes(release: Release) -> Markup | None:
    """What its manifest says beside the title; only the first line is not folded."""
    if not release.notes:
        return None
    return in_full(release.notes.strip(), key="notes", most=MOST_OF_NOTES, lines=1)


def _outcome(snapshot: Snapshot) -> Markup:
    release = snapshot.release
    took = brief(release.began_at, release.closed_at or snapshot.at)
    word = "for" if release.status is ReleaseStatus.RUNNING else "in"
    attempt = f", attempt {release.attempt}" if release.attempt > 1 else ""
    return element(
        "div",
        badge(release.status),
        element("span", f"{word} {took}{attempt}", class_="took")
        if release.status is not ReleaseStatus.REJECTED
        else None,
        _tallies(release),
        class_="outcome",
    )


def _opened(snapshot: Snapshot) -> Markup:
    """Who asked for it and when; of a release that runs also how old the page is.

    A rejected manifest also has the release id that it names.
    """
    release = snapshot.release
    became = release.status is not ReleaseStatus.REJECTED
    parts: list[Content] = [
        ["Opened" if became else "Received", [" ", utc(release.opened_at)]],
        [" by ", name_of(release.requester)] if release.requester else None,
    ]
    if release.requested_id:
        parts += ["; names release ", element("b", isolated(release.requested_id))]
    if release.attempt > 1:
        again = resumer(release)
        parts += [
            "; retried ",
            utc(release.resumed_at),
            [" by ", name_of(again)] if again else None,
        ]
    if release.rollback_of:
        parts += ["; rolls back ", element("b", isolated(release.rollback_of))]
    if release.status is ReleaseStatus.RUNNING:
        # The page may be opened later.
        parts += ["; this page is of ", utc(snapshot.at)]
    return element("p", parts, class_="opened")


def _remark(release: Release) -> Markup | None:
    """What is to be known of a success, such as stages that CodePipeline skipped."""
    if release.status is not ReleaseStatus.SUCCEEDED or "\n" not in (release.why or ""):
        return None
    return in_full(release.why or "", key="head-why")


def _tallies(release: Release) -> Content:
    if not release.pipelines:
        return None
    asks = [*approvals_of(release).values()]
    nodes = [*release.of_codepipeline.values()]
    return [
        _strip(nodes),
        _tally("Pipelines by status", nodes),
        _tally("Approvals by status", asks, noun="approval") if asks else None,
    ]


def _strip(nodes: Sequence[Pipeline]) -> Markup | None:
    """The share of each status as a bar; the tally has the numbers."""
    if not nodes:
        return None
    return element(
        "svg", list(_shares(nodes)), class_="strip", width="100%", height=6, aria_hidden="true"
    )


def _shares(nodes: Sequence[Pipeline]) -> Iterator[Markup]:
    begin = 0.0
    for status, count in _by_severity(nodes):
        share = 100 * count / len(nodes)
        yield element(
            "rect",
            x=f"{begin:.2f}%",
            width=f"{share:.2f}%",
            height=6,
            class_=f"share {tone(status)}",
        )
        begin += share


def _tally(label: str, nodes: Iterable[Pipeline], *, noun: str = "") -> Markup:
    items = [
        element("li", icon(status), f" {_number(count, noun)} {words(status)}")
        for status, count in _by_severity(nodes)
    ]
    return element("ul", items, class_="tally", aria_label=label)


def _by_severity(nodes: Iterable[Pipeline]) -> list[tuple[str, int]]:
    counts = Counter(each.status for each in nodes)
    return sorted(counts.items(), key=lambda each: severity(each[0]))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if noun else str(count)
