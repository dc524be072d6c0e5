"""Checks a pipeline of a manifest against what the pipeline declares: variables and revisions."""

from collections.abc import Iterable, Iterator

from release_core.domain.declarations import (
    Declaration,
    Declared,
    NotAllowed,
    NotFound,
    NotMatched,
    SourceAction,
    revision_types,
)
from release_core.manifest.nearest import NearestName, did_you_mean
from release_core.problems import Place, Problem


def existing_names(declared: Declared) -> Iterator[str]:
    """The names of the pipelines that exist."""
    return (name for name, found in declared.items() if isinstance(found, Declaration))


def pipeline_problems(
    position: int, entry: object, declared: Declared, *, nearest: NearestName | None = None
) -> Iterator[Problem]:
    """The problems of the pipeline at a position of a manifest, valid or not.

    ``nearest`` suggests another pipeline in place of a pipeline that does not exist.
    """
    place = ("pipelines", position)
    name = entry.get("name") if isinstance(entry, dict) else entry
    if not isinstance(name, str):
        return
    found = declared.get(name)
    if isinstance(found, Declaration):
        given = entry if isinstance(entry, dict) else {}
        yield from _variable_problems(place, given.get("variables", {}), found)
        yield from _revision_problems(place, given.get("sourceRevisions", []), found)
    elif isinstance(found, NotAllowed):
        yield Problem(
            place,
            f"pipeline {name!r} cannot be read; the credentials that check the manifest need "
            "codepipeline:GetPipeline on it",
        )
    else:
        yield Problem(place, _not_released(name, found, nearest))


def _not_released(
    name: str, found: NotMatched | NotFound | None, nearest: NearestName | None
) -> str:
    suggestion = did_you_mean(found.nearest) if isinstance(found, NotFound) else ""
    if not suggestion and nearest:
        suggestion = nearest.suggest(name)
    if isinstance(found, NotMatched):
        remedy = "; change the setting in Terraform, or release it with another deployment"
        patterns = ", ".join(found.patterns)
        return (
            f"pipeline {name!r} does not match `pipeline_name_patterns` of this deployment "
            f"({patterns}){suggestion or remedy}"
        )
    return f"there is no pipeline {name!r} in this account and Region{suggestion}"


def _variable_problems(place: Place, given: object, declaration: Declaration) -> Iterator[Problem]:
    place = (*place, "variables")
    pipeline = f"pipeline {declaration.name!r}"
    if not isinstance(given, dict):
        return
    if given and declaration.type != "V2":
        yield _type_too_old(place, "variables", declaration)
        return
    nearest = NearestName(declaration.variables)
    for name in given:
        if name not in declaration.variables:
            suggestion = nearest.suggest(name) or f"; it declares {_listed(declaration.variables)}"
            yield Problem((*place, name), f"{pipeline} declares no such variable{suggestion}")
    for name, default in declaration.variables.items():
        if default is None and name not in given:
            yield Problem((*place, name), f"is required: {pipeline} has no default for it")


def _revision_problems(place: Place, given: object, declaration: Declaration) -> Iterator[Problem]:
    place = (*place, "sourceRevisions")
    if not isinstance(given, list):
        return
    if given and declaration.type != "V2":
        yield _type_too_old(place, "source revisions", declaration)
        return
    sources = {source.name: source for source in declaration.sources}
    nearest = NearestName(sources)
    seen: set[tuple[str, str]] = set()
    for index, pin in enumerate(given):
        here = (*place, index)
        match pin:
            case {"actionName": str(action)} if action not in sources:
                suggestion = nearest.suggest(action) or f"; it has {_listed(sources)}"
                yield Problem(
                    (*here, "actionName"),
                    f"pipeline {declaration.name!r} has no source action {action!r}{suggestion}",
                )
            case {"actionName": str(action), "revisionType": str(kind)}:
                # For one action AWS takes a key together with a version: they name an object.
                if (action, kind) in seen:
                    yield Problem(
                        here, f"source action {action!r} has two revisions of type {kind}; keep one"
                    )
                seen.add((action, kind))
                yield from _type_problems((*here, "revisionType"), kind, sources[action])


def _type_too_old(place: Place, what: str, declaration: Declaration) -> Problem:
    # Source: the CodePipeline user guide, "What type of pipeline is right for me?".
    return Problem(
        place,
        f"pipeline {declaration.name!r} is of type {declaration.type}; "
        f"{what} need a pipeline of type V2",
    )


def _type_problems(place: Place, kind: str, source: SourceAction) -> Iterator[Problem]:
    fitting = revision_types(source.provider)
    if fitting and kind not in fitting:
        yield Problem(
            place,
            f"source action {source.name!r} needs {' or '.join(fitting)}, "
            f"as its provider is {source.provider}",
        )
    elif kind == "S3_OBJECT_KEY" and not source.takes_keys:
        yield Problem(
            place,
            f"source action {source.name!r} does not allow another key; set "
            "AllowOverrideForS3ObjectKey to true in the pipeline, or give no key",
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
