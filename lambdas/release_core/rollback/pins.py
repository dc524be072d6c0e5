"""Shipping again what was good in a pipeline, as far as what it declares now allows that."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from release_core.domain.declarations import OBJECT_KEY, Declaration, SourceAction
from release_core.domain.revisions import KEY_TYPE, Good, Pin


def variables_again(good: Good) -> dict[str, str]:
    """The variables with which a pipeline ships again what was good in it."""
    # AWS takes no empty value: what was empty is the pipeline's own default.
    return {name: value for name, value in good.variables.items() if value}


def pins_again(good: Good, declaration: Declaration | None) -> tuple[Pin, ...]:
    """The pins with which a pipeline, as it is declared now, ships again what was good in it.

    Without a declaration they are those on record.
    """
    reads = list(_reads(good, declaration)) if declaration else []
    known = {each.source.name for each in reads}
    # Where the object of a version is known, its key is pinned only if it has to be.
    recorded = [
        each.pin
        for each in good.revisions
        if each.pin and (each.type != KEY_TYPE or each.action not in known)
    ]
    keys = [
        Pin(action=each.source.name, type=KEY_TYPE, revision=each.then[OBJECT_KEY])
        for each in reads
        if OBJECT_KEY in each.moved & each.now.keys()
    ]
    return tuple(dict.fromkeys([*recorded, *keys]))


def why_not_again(good: Good, declaration: Declaration) -> Iterator[str]:
    """Why a pipeline, started with those pins and variables, would not ship what was good in it."""
    on_record = {revision.action for revision in good.revisions}
    for source in declaration.sources:
        if source.name not in on_record:
            yield (
                f"nothing is on record of its source action {source.name!r}, which may be newer "
                "than that release"
            )
    for each in _reads(good, declaration):
        if each.moved - ({OBJECT_KEY} if each.source.takes_keys else set()):
            yield (
                f"its source action {each.source.name!r} read {_told(each.then)} then and reads "
                f"{_told(each.now)} now"
            )


class _Read(NamedTuple):
    """What a source action has read, and what it would read now, by the names of AWS."""

    source: SourceAction
    then: Mapping[str, str]
    now: Mapping[str, str]

    @property
    def moved(self) -> set[str]:
        return {name for name, value in self.then.items() if self.now.get(name) != value}


def _reads(good: Good, declaration: Declaration) -> Iterator[_Read]:
    sources = {source.name: source for source in declaration.sources_with(variables_again(good))}
    for revision in good.revisions:
        source = sources.get(revision.action or "")
        if source and revision.origin:
            yield _Read(source, revision.origin, source.origin)


def _told(origin: Mapping[str, str]) -> str:
    return "/".join(origin.values())
