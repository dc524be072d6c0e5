"""Elements that several sections of the report share."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat

from release_core.domain.release import Pipeline
from release_machine.release.approvals import signer
from release_machine.report.markup import Content, Markup, breakable, element, empty, isolated, link
from release_machine.text import console_links as links
from release_machine.text.wording import short

# A longer text is folded; on the first screen of the page, shorter texts are, too.
LONG, LONG_FOR_A_HEAD, MANY_LINES = 600, 280, 4
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
    marks: Iterable[str | None] = repeat(None),
    kind: str | None = None,
) -> Markup:
    """A table of rows with a cell for each column.

    ``ids`` are the ids of the rows, ``marks`` their classes. The first cell names its row. Columns
    that are empty in every row are left out. A narrow screen shows each row as a card; the explicit
    roles tell screen readers that it is still a table.
    """
    used = [at for at in range(len(columns)) if at == 0 or any(not empty(row[at]) for row in rows)]
    columns = [columns[at] for at in used]
    head = [element("th", each.title, scope="col", role="columnheader") for each in columns]
    body = [
        _row(columns, [row[at] for at in used], row_id=row_id, mark=mark)
        for row_id, mark, row in zip(ids, marks, rows, strict=False)
    ]
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", head, role="row"), role="rowgroup"),
        element("tbody", body, role="rowgroup"),
        role="table",
        class_=kind,
    )


def _row(
    columns: Sequence[Column], cells: Sequence[Content], *, row_id: str | None, mark: str | None
) -> Markup:
    first, *others = zip(columns, cells, strict=True)
    name = element("th", first[1], scope="row", role="rowheader", class_=first[0].kind)
    rest = [
        element("td", cell, role="cell", class_=column.kind, data_label=column.title)
        for column, cell in others
    ]
    return element("tr", name, rest, role="row", id=row_id, class_=mark)


def facts_list(facts: Iterable[tuple[str, Content]], *, kind: str = "facts") -> Markup:
    """Names with their values; a name without a value is left out."""
    rows = [
        element("div", element("dt", name), element("dd", value)) for name, value in facts if value
    ]
    return element("dl", rows, class_=kind)


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


def name_of(who: str | None) -> Markup | None:
    """The name of a person, with what the person cannot choose; S3 reports only an account."""
    if not who:
        return None
    name = signer(who) if who.startswith("arn:") else who
    name = f"AWS account {who}" if _ACCOUNT.fullmatch(who) else name
    return element("b", isolated(name), class_="person")


def person(who: str | None) -> Content:
    """The name of a person, and the whole ARN where there is one."""
    if not who or not who.startswith("arn:"):
        return name_of(who)
    return [name_of(who), " ", arn(who)]


def arn(text: str | None) -> Markup | None:
    """An ARN or address, whose parts stay whole."""
    return element("small", breakable(text), class_="arn") if text else None


def unseen(text: str) -> Markup:
    """A text for screen readers, for what others see from a symbol or a style."""
    return element("span", text, class_="unseen")


def command(text: str) -> Markup:
    """A command to copy; a line ends only between its words, or after a / in PIPELINE/STAGE."""
    words = [breakable(word) for word in text.split(" ")]
    separated = [[" " if at else None, word] for at, word in enumerate(words)]
    return element("code", separated, class_="command")


def clipped(text: str, most: int) -> str:
    """The first ``most`` characters of a text, with a mark when there is more."""
    return text if len(text) <= most else f"{text[:most]} …"


def in_full(text: str, *, key: str, most: int = LONG, lines: int = MANY_LINES) -> Markup:
    """A text as recorded; a long text is folded behind its first line, and unfolded in print.

    ``key`` is the id of what folds it. A text of more than ``most`` characters or ``lines`` lines
    is long.
    """
    if len(text) <= most and text.count("\n") < lines:
        return element("p", isolated(text), class_="said")
    shown = text.partition("\n")[0][:most].rstrip(" :…")
    return element(
        "details",
        element(
            "summary",
            element("span", isolated(f"{shown} …"), class_="said"),
            " ",
            element("span", "Show all", class_="more"),
            element("span", "Show less", class_="less"),
            class_="folded",
        ),
        element("p", isolated(text), class_="said"),
        id=key,
    )


def execution(pipeline: str, execution_id: str | None, *, region: str | None) -> Content:
    """The id of a pipeline execution, as a link where there is a console."""
    if execution_id is None:
        return None
    page = links.pipeline_execution(pipeline, execution_id, region=region)
    return link(page, element("span", isolated(execution_id), class_="id"))


def short_execution(pipeline: str, execution_id: str | None, *, region: str | None) -> Content:
    """The first part of the id of a pipeline execution, as a link where there is a console."""
    if execution_id is None:
        return None
    page = links.pipeline_execution(pipeline, execution_id, region=region)
    shown = element("span", isolated(short(execution_id)), class_="id", title=execution_id)
    return link(page, shown)


def retries(pipeline: Pipeline) -> str:
    """How many retries a pipeline has used."""
    return f"{pipeline.retried} of {pipeline.retries} retries used"


def anchor(pipeline: Pipeline) -> str:
    """The id of a pipeline's row; its number, because a name is not always a valid id."""
    return f"pipeline-{pipeline.position}"


def failure_anchor(pipeline: Pipeline) -> str:
    """The id of the failure of a pipeline, which has the reason."""
    return f"failure-{pipeline.position}"
