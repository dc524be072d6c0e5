"""Elements that several sections of the report share."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat

from release_core.domain.release import Pipeline
from release_machine.report.markup import Content, Markup, breakable, element, empty, isolated, link
from release_machine.text import console_links as links

# A longer text is folded.
LONG, MANY_LINES = 600, 4
_ACCOUNT = re.compile("[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``kind`` is the class of its cells."""

    title: str
    kind: str | None = None


def section(key: str, title: str, *content: Content) -> Markup:
    """A section of the page, with an anchor."""
    heading = element("h2", title, id=f"{key}-title")
    return element("section", heading, *content, id=key, aria_labelledby=f"{key}-title")


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Content]],
    *,
    ids: Iterable[str | None] = repeat(None),
    kind: str | None = None,
) -> Markup:
    """A table of rows with a cell for each column; ``ids`` are the ids of the rows.

    The first cell names its row. Columns that are empty in every row are left out. A narrow screen
    shows each row as a card; the explicit roles tell screen readers that it is still a table.
    """
    used = [at for at in range(len(columns)) if at == 0 or any(not empty(row[at]) for row in rows)]
    columns = [columns[at] for at in used]
    head = [element("th", each.title, scope="col", role="columnheader") for each in columns]
    body = [
        _row(columns, row_id, [row[at] for at in used])
        for row_id, row in zip(ids, rows, strict=False)
    ]
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", head, role="row"), role="rowgroup"),
        element("tbody", body, role="rowgroup"),
        role="table",
        class_=kind,
    )


def _row(columns: Sequence[Column], row_id: str | None, cells: Sequence[Content]) -> Markup:
    first, *others = zip(columns, cells, strict=True)
    name = element("th", first[1], scope="row", role="rowheader", class_=first[0].kind)
    rest = [
        element("td", cell, role="cell", class_=column.kind, data_label=column.title)
        for column, cell in others
    ]
    return element("tr", name, rest, role="row", id=row_id)


def facts_list(facts: Iterable[tuple[str, Content]]) -> Markup:
    """Names with their values; a name without a value is left out."""
    rows = [
        element("div", element("dt", name), element("dd", value)) for name, value in facts if value
    ]
    return element("dl", rows, class_="facts")


def moment(at: datetime | None) -> Markup | None:
    """A time in UTC, to the second, with its date."""
    if at is None:
        return None
    here = at.astimezone(UTC)
    return element(
        "time", f"{here:%Y-%m-%d %H:%M:%S}", datetime=f"{here:%Y-%m-%dT%H:%M:%SZ}", class_="moment"
    )


def utc(at: datetime | None) -> Content:
    """A time with its zone."""
    return [moment(at), " UTC"] if at else None


def person(who: str | None) -> Content:
    """A person: of an ARN first the part that names the person; S3 reports only an account."""
    if not who:
        return None
    if _ACCOUNT.fullmatch(who):
        return element("b", f"AWS account {who}")
    name = who.rpartition("/")[2] if who.startswith("arn:") else who
    if name == who:
        return element("b", isolated(who))
    return [element("b", isolated(name)), " ", element("small", breakable(who), class_="arn")]


def unseen(text: str) -> Markup:
    """A text for screen readers, for what others see from a symbol or a style."""
    return element("span", text, class_="unseen")


def command(text: str) -> Markup:
    """A command to copy."""
    return element("code", isolated(text), class_="command")


def clipped(text: str, most: int) -> str:
    """The first ``most`` characters of a text, with a mark when there is more."""
    return text if len(text) <= most else f"{text[:most]} …"


def in_full(text: str, *, head: str | None = None) -> Markup:
    """A text as recorded; a long text is folded behind its head, and unfolded in print.

    The head is the first line unless it is given.
    """
    if len(text) <= LONG and text.count("\n") < MANY_LINES:
        return element("p", isolated(text), class_="said")
    shown = (head or text.partition("\n")[0])[:LONG].rstrip(" :…")
    return element(
        "details",
        element(
            "summary",
            element("span", isolated(f"{shown} …"), class_="said"),
            element("span", "Less", class_="less"),
            class_="folded",
        ),
        element("p", isolated(text), class_="said"),
    )


def execution(pipeline: str, execution_id: str | None, *, region: str | None) -> Content:
    """The id of a pipeline execution, as a link where there is a console."""
    if execution_id is None:
        return None
    page = links.pipeline_execution(pipeline, execution_id, region=region)
    return link(page, element("span", isolated(execution_id), class_="arn"))


def retries(pipeline: Pipeline) -> str:
    """How many retries a pipeline has used."""
    return f"{pipeline.retried} of {pipeline.retries} retries used"


def anchor(pipeline: Pipeline) -> str:
    """The id of a pipeline's row; its number, because a name is not always a valid id."""
    return f"pipeline-{pipeline.position}"
