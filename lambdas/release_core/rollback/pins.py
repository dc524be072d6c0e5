"""The pins and variables with which a pipeline ships the revisions of an earlier release again."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from release_core.domain.declarations import OBJECT_KEY, Declaration, SourceAction
from release_core.domain.revisions import KEY_TYPE, Good, Pin


def variables_again(good: Good) -> dict[str, str]:
    """The variables with which a pipeline ships the last good release again."""
    # AWS allows no empty value: a variable that was empty is an empty default of the pipeline.
    return {name: value for name, value in good.variables.items() if value}


def pins_again(good: Good, declaration: Declaration | None) -> tuple[Pin, ...]:
    """The pins with which a pipeline, as it is declared now, ships the last good release again.

    Without a declaration they are the pins on record.
    """
    reads = list(_reads(good, declaration)) if declaration else []
    known = {each.source.name for each in reads}
    # Where the object of a version is known, its key is pinned only if the key has changed.
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
    """The reasons why these pins and variables would not ship the last good release again."""
    on_record = {revision.action for revision in good.revisions}
    for source in declaration.sources:
        if source.name not in on_record:
            yield (
                f"source action {source.name!r} has no revision on record; it may be newer than "
                "that release"
            )
    for each in _reads(good, declaration):
        if each.moved - ({OBJECT_KEY} if each.source.takes_keys else set()):
            yield (
                f"source action {each.source.name!r} read {_path(each.then)} then and reads "
                f"{_path(each.now)} now"
            )


class _Read(NamedTuple):
    """The origin of a source action's revision then and now, by AWS's names."""

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


def _path(origin: Mapping[str, str]) -> str:
    return "/".join(origin.values())
