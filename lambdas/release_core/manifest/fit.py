"""Whether a pipeline of a manifest fits what that pipeline declares: variables and revisions."""

from collections.abc import Iterator

from release_core.domain.declarations import (
    Declaration,
    Declared,
    NotAllowed,
    NotDriven,
    SourceAction,
    revision_types,
)
from release_core.problems import Place, Problem


def pipeline_problems(position: int, entry: object, declared: Declared) -> Iterator[Problem]:
    """The problems of the pipeline at a position of a manifest, well-formed or not."""
    place = ("pipelines", position)
    name = entry.get("name") if isinstance(entry, dict) else entry
    if not isinstance(name, str):
        return
    declaration = declared.get(name)
    if declaration is None:
        yield Problem(place, f"there is no pipeline {name!r} in this account and Region")
    elif isinstance(declaration, NotAllowed):
        yield Problem(
            place,
            f"the pipeline {name!r} may not be read with the permissions of whoever checks; "
            "they need codepipeline:GetPipeline on it",
        )
    elif isinstance(declaration, NotDriven):
        yield Problem(
            place,
            f"the pipeline {name!r} is none of those that this deployment drives: "
            f"{', '.join(declaration.patterns)}; widen its pipeline_name_patterns in Terraform, "
            "or release it with another deployment",
        )
    else:
        given = entry if isinstance(entry, dict) else {}
        yield from _variable_problems(place, given.get("variables", {}), declaration)
        yield from _revision_problems(place, given.get("sourceRevisions", []), declaration)


def _variable_problems(place: Place, given: object, declaration: Declaration) -> Iterator[Problem]:
    place = (*place, "variables")
    whose = f"pipeline {declaration.name!r}"
    if not isinstance(given, dict):
        return
    if given and declaration.type != "V2":
        yield _type_too_old(place, "variables", declaration)
        return
    for name in given:
        if name not in declaration.variables:
            known = ", ".join(declaration.variables) or "none"
            yield Problem((*place, name), f"{whose} declares no such variable; it has {known}")
    for name, default in declaration.variables.items():
        if default is None and name not in given:
            yield Problem((*place, name), f"{whose} has no default for it, so it must be given")


def _revision_problems(place: Place, given: object, declaration: Declaration) -> Iterator[Problem]:
    place = (*place, "sourceRevisions")
    if not isinstance(given, list):
        return
    if given and declaration.type != "V2":
        yield _type_too_old(place, "source revisions", declaration)
        return
    sources = {source.name: source for source in declaration.sources}
    seen: set[tuple[str, str]] = set()
    for index, pin in enumerate(given):
        here = (*place, index)
        match pin:
            case {"actionName": str(action)} if action not in sources:
                yield Problem(
                    (*here, "actionName"),
                    f"{action!r} is no source action of pipeline {declaration.name!r}; "
                    f"it has {', '.join(sources) or 'none'}",
                )
            case {"actionName": str(action), "revisionType": str(kind)}:
                # Of one action AWS takes a key together with a version: that names an object.
                if (action, kind) in seen:
                    yield Problem(here, f"{action!r} is given two revisions of type {kind}")
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
        wanted = " or ".join(fitting)
        yield Problem(place, f"{source.name!r} takes {wanted}; its provider is {source.provider}")
    elif kind == "S3_OBJECT_KEY" and not source.takes_keys:
        yield Problem(
            place,
            f"{source.name!r} takes no other key; AllowOverrideForS3ObjectKey is not true in it",
        )
