"""Checks a manifest: all its problems are found at once."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pydantic import ValidationError

from release_core.domain.declarations import Declared
from release_core.errors import ManifestInvalid
from release_core.manifest.fit import existing_names, pipeline_problems
from release_core.manifest.limits import MAX_NAME, MAX_PIPELINES, NAME_PATTERN
from release_core.manifest.model import Manifest, spell_number, spell_time
from release_core.manifest.nearest import NearestName, did_you_mean
from release_core.manifest.words import model_problems
from release_core.problems import Problem, report


def check_manifest(
    document: object, *, declared: Declared | None, succeeded: Collection[str] = ()
) -> Manifest:
    """The manifest in a JSON document, checked as ``examine`` does.

    Raises ManifestInvalid with all problems, one on each line, each with a path.
    """
    manifest, problems = examine(document, declared=declared, succeeded=succeeded)
    if manifest is None or problems:
        raise ManifestInvalid(report("The manifest", problems))
    return manifest


def examine(
    document: object, *, declared: Declared | None, succeeded: Collection[str] = ()
) -> tuple[Manifest | None, list[Problem]]:
    """The manifest in a JSON document, or None when the model rejects it, and all problems.

    Its pipelines are checked against what is ``declared``; without that only the document is
    checked. Pipelines that have ``succeeded`` in the release to resume do not run again: they may
    have changed, or no longer exist.
    """
    problems: list[Problem] = []
    manifest = None
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        problems += model_problems(error, document)
    if manifest is not None:
        problems += _times(manifest)
    problems += _duplicate_names(document)
    problems += _contradictions(document)
    if declared is not None:
        nearest = NearestName(existing_names(declared))
        for position, entry in _entries(document):
            if _name_of(entry) not in succeeded:
                problems += pipeline_problems(position, entry, declared, nearest=nearest)
    problems += dependency_problems(_dependencies(document))
    return manifest, problems


def is_resume(document: object) -> bool:
    """Whether a document, valid or not, asks for the next attempt of a release."""
    return isinstance(document, dict) and document.get("resume") is True


def is_dry_run(document: object) -> bool:
    """Whether a document, valid or not, asks for a plan only."""
    return isinstance(document, dict) and document.get("dryRun") is True


def release_id_of(document: object) -> str | None:
    """The release id in a document, valid or not, or None."""
    found = spell_number(document.get("releaseId")) if isinstance(document, dict) else None
    return found if isinstance(found, str) else None


def named_pipelines(document: object) -> list[str]:
    """The valid names of pipelines in a document, each once, in the order of the document."""
    names = dict.fromkeys(name for _, name in _names(document))
    return [name for name in names if len(name) <= MAX_NAME and re.fullmatch(NAME_PATTERN, name)]


def _duplicate_names(document: object) -> Iterator[Problem]:
    counts = Counter(name for _, name in _names(document))
    seen: set[str] = set()
    for position, name in _names(document):
        if counts[name] > 1 and name in seen:
            yield Problem(("pipelines", position), f"{name!r} is listed more than once")
        seen.add(name)


def _contradictions(document: object) -> Iterator[Problem]:
    if not isinstance(document, dict) or document.get("rollbackOf") is None:
        return
    if spell_number(document["rollbackOf"]) == spell_number(document.get("releaseId")):
        yield Problem(("rollbackOf",), "a release cannot roll itself back")
    if document.get("onFailure") == "rollback":
        yield Problem(
            ("onFailure",), "a rollback cannot be rolled back; use halt, continue or stop"
        )


def _times(manifest: Manifest) -> Iterator[Problem]:
    start, deadline = manifest.not_before, manifest.deadline
    if start and deadline and start >= deadline:
        yield Problem(("notBefore",), f"must be before the deadline, {spell_time(deadline)}")


def _dependencies(document: object) -> dict[str, tuple[int, list[str]]]:
    """The position and the dependencies of each pipeline, as far as they are valid, by name."""
    found: dict[str, tuple[int, list[str]]] = {}
    for position, entry in _entries(document):
        name = _name_of(entry)
        before = entry.get("dependsOn") if isinstance(entry, dict) else []
        if name is not None:
            listed = before if isinstance(before, list) else []
            found.setdefault(name, (position, [each for each in listed if isinstance(each, str)]))
    return found


def _names(document: object) -> Iterator[tuple[int, str]]:
    for position, entry in _entries(document):
        name = _name_of(entry)
        if name is not None:
            yield position, name


def _name_of(entry: object) -> str | None:
    name = entry.get("name") if isinstance(entry, dict) else entry
    return name if isinstance(name, str) else None


def _entries(document: object) -> Iterator[tuple[int, object]]:
    pipelines = document.get("pipelines") if isinstance(document, dict) else None
    if isinstance(pipelines, list):
        yield from enumerate(pipelines[: MAX_PIPELINES + 1])


def dependency_problems(pipelines: Mapping[str, tuple[int, Sequence[str]]]) -> Iterator[Problem]:
    """The problems of the dependencies, given as position and dependencies by pipeline."""
    nearest = NearestName(pipelines)
    for name, (position, before) in pipelines.items():
        place = ("pipelines", position, "dependsOn")
        for index, dependency in enumerate(before):
            if dependency not in pipelines:
                found = nearest(dependency)
                suggestion = did_you_mean(None if found == name else found)
                remedy = suggestion or "; add it, or remove it here"
                yield Problem(
                    (*place, index),
                    f"{dependency!r} is not a pipeline of this release{remedy}",
                )
        for dependency, count in Counter(before).items():
            if count > 1:
                yield Problem(place, f"{dependency!r} is listed more than once")
        if name in before:
            yield Problem(place, f"{name!r} depends on itself")
    cycle = _cycle({name: {*before} - {name} for name, (_, before) in pipelines.items()})
    if cycle:
        path = " -> ".join(cycle)
        yield Problem(("pipelines",), f"dependencies form a cycle, remove one of them: {path}")


def _cycle(graph: Mapping[str, set[str]]) -> Sequence[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: Sequence[str] = error.args[1]
        return cycle
    return ()
