"""Pieces that several pages of the dashboard have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from release_core.domain.release import Release, ReleaseKind
from release_machine.dashboard.pages.times import moment
from release_machine.dashboard.state import Seen, Trouble
from release_machine.dashboard.topics import release_path
from release_machine.release.approvals import person
from release_machine.release.short_ids import short_id
from release_machine.report.markup import Content, Markup, element, isolated, joined
from release_machine.report.statuses import icon, shapes

_WAITING_TITLE = "Reading …"
_SHORT = 10  # characters of a revision


def content(
    title: str,
    *parts: Content,
    tone: str = "wait",
    says: str = "",
    kind: str | None = None,
    draws: bool = True,
) -> Markup:
    """The content of a page; parts that come and go have ids, so that the script can tell them.

    The script takes from it the title and the icon of the tab, and what is read aloud. It
    ``draws`` the shapes of the icons, unless its parts have them.
    """
    return element(
        "div",
        shapes() if draws else None,
        *parts,
        class_=kind,
        data_title=title,
        data_tone=tone,
        data_says=says or None,
    )


def unread(title: str, seen: Seen[Any], *known: Content) -> Markup:
    """A page before the first read, with the parts that are ``known`` without it."""
    head = page_head(title)
    if seen.trouble:
        told = _told(seen.trouble, empty=True)
        return content(title, head, told, *known, tone="bad", says=seen.trouble.problem)
    return content(title, head, *known, empty_state(_WAITING_TITLE, "The page appears by itself."))


def trouble(found: Trouble | None) -> Markup | None:
    """That the latest reads have failed, since when, and what to do."""
    return None if found is None else _told(found, empty=False)


def _told(found: Trouble, *, empty: bool) -> Markup:
    old = element("p", element("b", "Not up to date since ", moment(found.since), ". "))
    return element(
        "div",
        None if empty else old,
        element("p", isolated(found.problem), " ", isolated(found.next_step)),
        class_="notice bad",
        id="trouble",
    )


def page_head(title: Content, *under: Content) -> Markup:
    """The title of a page, and what stands below it."""
    return element("div", element("h1", title), *under, class_="page-head", id="page-head")


def card(*parts: Content, kind: str = "", id_: str | None = None) -> Markup:
    """A box for one thing."""
    return element("article", *parts, class_=f"card {kind}".strip(), id=id_)


def empty_state(what: str, do: str, *more: Content) -> Markup:
    """What a page shows when it has nothing to show, and what a reader can do."""
    return element(
        "div", element("h2", what), element("p", do), *more, class_="nothing", id="nothing"
    )


def release_link(release_id: str, label: str | None = None) -> Markup:
    """A link to a release, by its id unless it has a label."""
    return element("a", isolated(label or release_id), href=release_path(release_id))


def name_of(release: Release) -> Markup:
    """A release: its link, and its title if it has one.

    A rejected manifest has no id: it has a short name, and the id that it asked for.
    """
    title = release.title or release.requested_id
    is_hotfix = release.kind is ReleaseKind.HOTFIX
    return joined(
        [
            release_link(release.release_id, short_id(release)),
            element("small", " hotfix", class_="stop") if is_hotfix else None,
            element("span", isolated(title), class_="title") if title else None,
        ]
    )


def by(arn: str | None) -> Content:
    """Who did it, after a comma; nothing when that is not known."""
    return [", by ", who(arn)] if arn else None


def who(arn: str | None) -> Content:
    """The name of a person, who may have chosen it; the whole ARN is in its title."""
    return element("span", isolated(person(arn)), title=arn) if arn else None


def short_revision(revision: str) -> Markup:
    """The beginning of a commit, version or digest; the whole of it is in its title."""
    digest = revision.removeprefix("sha256:")
    shown = digest if len(digest) <= _SHORT + 2 else digest[:_SHORT]
    return element("code", isolated(shown), title=revision)


def state_words(tone: str, shape: str, words: Content) -> Markup:
    """A state that is no status of a pipeline, with a shape and a colour."""
    return element("span", icon(shape), element("span", words), class_=f"badge {tone}")


def listed_briefly(names: Iterable[str], *, most: int = 3) -> str:
    """The first names, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def plural(count: int, noun: str) -> str:
    """A number of things: 1 release, 3 releases."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
