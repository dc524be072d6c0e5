"""Checking a manifest: every problem of a document that is not one, found at once."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pydantic import ValidationError

from release_core.domain.declarations import Declared
from release_core.errors import ManifestInvalid
from release_core.manifest.fit import pipeline_problems
from release_core.manifest.model import (
    MAX_NAME,
    MAX_PIPELINES,
    NAME_PATTERN,
    Manifest,
    spell_number,
)
from release_core.problems import Problem, report


def check_manifest(document: object, *, declared: Declared | None) -> Manifest:
    """The manifest in a JSON document whose pipelines are as ``declared``.

    Raises ManifestInvalid with every problem, one a line, each with its path.
    """
    manifest, problems = examine(document, declared=declared)
    if manifest is None or problems:
        raise ManifestInvalid(report("The manifest", problems))
    return manifest


def examine(
    document: object, *, declared: Declared | None
) -> tuple[Manifest | None, list[Problem]]:
    """The manifest in a JSON document, if it has the form of one, and all that is wrong with it.

    Without ``declared`` only the document itself is judged, not whether its pipelines fit.
    """
    problems: list[Problem] = []
    manifest = None
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        problems += _model_problems(error)
    problems += _duplicate_names(document)
    problems += _contradictions(document)
    if declared is not None:
        for position, entry in _entries(document):
            problems += pipeline_problems(position, entry, declared)
    problems += dependency_problems(_dependencies(document))
    return manifest, problems


def is_dry_run(document: object) -> bool:
    """Whether a document, sound or not, asks for a plan only."""
    return isinstance(document, dict) and document.get("dryRun") is True


def release_id_of(document: object) -> str | None:
    """The release id in a document, sound or not, if it has one."""
    found = spell_number(document.get("releaseId")) if isinstance(document, dict) else None
    return found if isinstance(found, str) else None


def named_pipelines(document: object) -> list[str]:
    """The names in a document that a pipeline may have, each once, in their order."""
    names = dict.fromkeys(name for _, name in _names(document))
    return [name for name in names if len(name) <= MAX_NAME and re.fullmatch(NAME_PATTERN, name)]


def _model_problems(error: ValidationError) -> Iterator[Problem]:
    details = error.errors()
    refused = {each["loc"][:-depth] for each in details for depth in range(1, len(each["loc"]))}
    for each in details:
        # pydantic counts the good entries of a list: one that holds a bad entry is not empty.
        if each["type"] == "too_short" and each["loc"] in refused:
            continue
        # The key of a map is judged at a place of its own.
        is_key = each["loc"][-1:] == ("[key]",)
        place = each["loc"][:-1] if is_key else each["loc"]
        yield Problem(place, _words(each["type"], each["msg"], is_key=is_key))


def _duplicate_names(document: object) -> Iterator[Problem]:
    counts = Counter(name for _, name in _names(document))
    seen: set[str] = set()
    for position, name in _names(document):
        if counts[name] > 1 and name in seen:
            yield Problem(("pipelines", position), f"{name!r} is named more than once")
        seen.add(name)


def _contradictions(document: object) -> Iterator[Problem]:
    if not isinstance(document, dict) or document.get("rollbackOf") is None:
        return
    if spell_number(document["rollbackOf"]) == spell_number(document.get("releaseId")):
        yield Problem(("rollbackOf",), "a release cannot take itself back")
    if document.get("onFailure") == "rollback":
        yield Problem(("onFailure",), "a rollback is not rolled back; use halt, continue or stop")


def _dependencies(document: object) -> dict[str, tuple[int, list[str]]]:
    """The position of each pipeline and the names it depends on, as far as they are well-formed."""
    found: dict[str, tuple[int, list[str]]] = {}
    for position, entry in _entries(document):
        name = entry.get("name") if isinstance(entry, dict) else entry
        before = entry.get("dependsOn") if isinstance(entry, dict) else []
        if isinstance(name, str):
            listed = before if isinstance(before, list) else []
            found.setdefault(name, (position, [each for each in listed if isinstance(each, str)]))
    return found


def _names(document: object) -> Iterator[tuple[int, str]]:
    for position, entry in _entries(document):
        name = entry.get("name") if isinstance(entry, dict) else entry
        if isinstance(name, str):
            yield position, name


def _entries(document: object) -> Iterator[tuple[int, object]]:
    pipelines = document.get("pipelines") if isinstance(document, dict) else None
    if isinstance(pipelines, list):
        yield from enumerate(pipelines[: MAX_PIPELINES + 1])


# In our words, by pydantic's name of what is wrong.
_SAID = {
    "extra_forbidden": "unknown key",
    "missing": "is required",
    "model_type": "must be a JSON object",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def _words(kind: str, message: str, *, is_key: bool) -> str:
    if kind in _SAID:
        return _SAID[kind]
    if kind == "string_pattern_mismatch" and "\\u2028" in message:
        return "must be one line of text"
    said = message.removeprefix("Value error, ")  # before what our own validators say
    return f"{'the name ' if is_key else ''}{said[:1].lower() + said[1:]}"


def dependency_problems(pipelines: Mapping[str, tuple[int, Sequence[str]]]) -> Iterator[Problem]:
    """The problems of a graph, given by name with each pipeline's position and dependencies."""
    for name, (position, before) in pipelines.items():
        place = ("pipelines", position, "dependsOn")
        for index, dependency in enumerate(before):
            if dependency not in pipelines:
                yield Problem((*place, index), f"{dependency!r} is no pipeline of this release")
        for dependency, count in Counter(before).items():
            if count > 1:
                yield Problem(place, f"{dependency!r} is named more than once")
        if name in before:
            yield Problem(place, f"{name!r} depends on itself")
    cycle = _cycle({name: {*before} - {name} for name, (_, before) in pipelines.items()})
    if cycle:
        circle = " -> ".join(cycle)
        yield Problem(("pipelines",), f"these depend on each other in a circle: {circle}")


def _cycle(graph: Mapping[str, set[str]]) -> Sequence[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: Sequence[str] = error.args[1]
        return cycle
    return ()
