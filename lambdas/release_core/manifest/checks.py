"""Checks a manifest: all its problems are found at once."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from pydantic import ValidationError

from release_core.domain.declarations import Declared
from release_core.errors import ManifestInvalid
from release_core.manifest.credentials import credential_problems, text_problems
from release_core.manifest.fit import existing_names, pipeline_problems
from release_core.manifest.limits import MAX_APPROVALS, MAX_NAME, MAX_PIPELINES, NAME_PATTERN
from release_core.manifest.model import Manifest, spell_number, spell_time
from release_core.manifest.nearest import NearestName, did_you_mean
from release_core.manifest.requests import API_CHANNEL
from release_core.manifest.words import model_problems
from release_core.problems import Place, Problem, lines_of, report


def check_manifest(
    document: object, *, declared: Declared | None, succeeded: Collection[str] = ()
) -> Manifest:
    """The manifest in a JSON document, checked as ``examine`` does.

    Raises ManifestInvalid with all problems, one on each line, each with a path.
    """
    manifest, problems = examine(document, declared=declared, succeeded=succeeded)
    if manifest is None or problems:
        raise ManifestInvalid(report("The manifest", problems), lines_of(problems))
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
    problems += _shared_names(document)
    problems += _contradictions(document)
    problems += _credentials(document)
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


def refuse_unproved(manifest: Manifest, channel: str, *, granted: Collection[str] = ()) -> None:
    """Raise ManifestInvalid when four eyes are asked for and the door does not prove who asks.

    Approvals that were ``granted`` in the release to resume are not asked again.
    """
    problems = unproved(manifest, channel, granted=granted)
    if problems:
        raise ManifestInvalid(report("The manifest", problems), lines_of(problems))


def unproved(manifest: Manifest, channel: str, *, granted: Collection[str] = ()) -> list[Problem]:
    """The problems of approvals with four eyes in a manifest that did not come through the API."""
    if channel == API_CHANNEL:
        return []
    remedy = 'use release-machine submit --via api, or add "fourEyes": false here'
    if manifest.resume:  # with another manifest it would be another release
        remedy = f"use release-machine retry {manifest.release_id}, which asks through the API"
    return [
        Problem(
            ("approvals", position, "fourEyes"),
            f"approval {each.name!r} needs four eyes, and only the API proves who asks for a "
            f"release; {remedy}",
        )
        for position, each in enumerate(manifest.approvals)
        if each.four_eyes and each.name not in granted
    ]


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


def _shared_names(document: object) -> Iterator[Problem]:
    """Pipelines and approvals have one name space: ``dependsOn`` names either."""
    pipelines = {name for _, name in _names(document)}
    seen: set[str] = set()
    for position, entry in _approvals(document):
        name = _name_of(entry)
        place = ("approvals", position, "name")
        if name in pipelines:
            yield Problem(place, f"{name!r} is a pipeline of this release; use another name")
        elif name in seen:
            yield Problem(place, f"{name!r} is listed more than once")
        seen |= {name} if name else set()


def _contradictions(document: object) -> Iterator[Problem]:
    if not isinstance(document, dict) or document.get("rollbackOf") is None:
        return
    if spell_number(document["rollbackOf"]) == spell_number(document.get("releaseId")):
        yield Problem(("rollbackOf",), "a release cannot roll itself back")
    if document.get("approvals"):
        yield Problem(("approvals",), "a rollback waits for no approval; remove them")
    if document.get("kind") == "hotfix":
        yield Problem(("kind",), "a rollback is not a hotfix: it ships nothing new; remove it")
    if document.get("onFailure") == "rollback":
        yield Problem(
            ("onFailure",), "a rollback cannot be rolled back; use halt, continue or stop"
        )


def _credentials(document: object) -> Iterator[Problem]:
    """The texts that look like keys; values of variables only if they are not on record already.

    A resume has the variables on record, and a rollback those of earlier executions. To refuse
    these would only keep them from being repaired.
    """
    if not isinstance(document, dict):
        return
    yield from text_problems(document)
    if is_resume(document) or document.get("rollbackOf"):
        return
    for position, entry in _entries(document):
        yield from credential_problems(position, entry)


def _times(manifest: Manifest) -> Iterator[Problem]:
    start, deadline = manifest.not_before, manifest.deadline
    if start and deadline and start >= deadline:
        yield Problem(("notBefore",), f"must be before the deadline, {spell_time(deadline)}")


def _dependencies(document: object) -> dict[str, tuple[Place, list[str]]]:
    """The place and the dependencies of each node, as far as they are valid, by name."""
    nodes = [(("pipelines", position), entry) for position, entry in _entries(document)]
    nodes += [(("approvals", position), entry) for position, entry in _approvals(document)]
    found: dict[str, tuple[Place, list[str]]] = {}
    for place, entry in nodes:
        name = _name_of(entry)
        before = entry.get("dependsOn") if isinstance(entry, dict) else []
        if name is not None:
            listed = before if isinstance(before, list) else []
            found.setdefault(name, (place, [each for each in listed if isinstance(each, str)]))
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


def _approvals(document: object) -> Iterator[tuple[int, object]]:
    approvals = document.get("approvals") if isinstance(document, dict) else None
    if isinstance(approvals, list):
        yield from enumerate(approvals[: MAX_APPROVALS + 1])


def dependency_problems(nodes: Mapping[str, tuple[Place, Sequence[str]]]) -> Iterator[Problem]:
    """The problems of the dependencies, given as place and dependencies by node."""
    nearest = NearestName(nodes)
    for name, (at, before) in nodes.items():
        place = (*at, "dependsOn")
        for index, dependency in enumerate(before):
            if dependency not in nodes:
                found = nearest(dependency)
                suggestion = did_you_mean(None if found == name else found)
                remedy = suggestion or "; add it, or remove it here"
                yield Problem(
                    (*place, index),
                    f"{dependency!r} is not a pipeline or approval of this release{remedy}",
                )
        for dependency, count in Counter(before).items():
            if count > 1:
                yield Problem(place, f"{dependency!r} is listed more than once")
        if name in before:
            yield Problem(place, f"{name!r} depends on itself")
    cycle = _cycle({name: {*before} - {name} for name, (_, before) in nodes.items()})
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
