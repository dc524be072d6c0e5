"""The structure of a pipeline: checked as AWS does, with AWS's defaults filled in.

Source: the CodePipeline user guide, "Pipeline structure reference" and "Quotas". The service model
has the constraints of single members (lengths, patterns); they are checked before.
"""

import copy
from collections.abc import Iterator

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import (
    InvalidActionDeclarationException,
    InvalidStageDeclarationException,
    InvalidStructureException,
    ValidationException,
)

# For each provider: numbers of input and output artifacts (None: any), required configuration.
REQUIREMENTS = {
    ("Source", "S3"): (0, 1, ("S3Bucket", "S3ObjectKey")),
    ("Deploy", "S3"): (1, 0, ("BucketName", "Extract")),
    ("Invoke", "Lambda"): (None, None, ("FunctionName",)),
    ("Approval", "Manual"): (0, 0, ()),
}


def complete_declaration(given: Json, *, region: str, version: int) -> Json:
    """Return a checked copy of the structure with AWS's defaults filled in.

    Raises InvalidStructureException, InvalidStageDeclarationException or
    InvalidActionDeclarationException, and ValidationException for what the emulator does not
    support.
    """
    declaration = copy.deepcopy(given)
    declaration["version"] = version
    declaration.setdefault("pipelineType", "V1")
    declaration.setdefault("executionMode", "SUPERSEDED")
    for action in _actions(declaration):
        action.setdefault("runOrder", 1)
        for member, empty in (
            ("configuration", {}),
            ("inputArtifacts", []),
            ("outputArtifacts", []),
        ):
            action.setdefault(member, copy.copy(empty))
    _check_type(declaration)
    _check_stores(declaration, region)
    _check_stages(declaration["stages"])
    for action in _actions(declaration):
        _check_action(action)
    _check_artifacts(declaration)
    return declaration


def _actions(declaration: Json) -> Iterator[Json]:
    for stage in declaration["stages"]:
        yield from stage["actions"]


def _check_type(declaration: Json) -> None:
    if declaration["pipelineType"] != "V2":
        if declaration["executionMode"] != "SUPERSEDED":
            raise InvalidStructureException(
                f"Execution mode {declaration['executionMode']} needs a pipeline of type V2"
            )
        if declaration.get("variables") or declaration.get("triggers"):
            raise InvalidStructureException("Variables and triggers need a pipeline of type V2")
    names = [variable["name"] for variable in declaration.get("variables", [])]
    if len(set(names)) < len(names):
        raise InvalidStructureException("Variable names must be unique in a pipeline")


def _check_stores(declaration: Json, region: str) -> None:
    stores = declaration.get("artifactStores")
    if ("artifactStore" in declaration) == bool(stores):
        raise InvalidStructureException(
            "A pipeline must have either artifactStore or artifactStores, not both"
        )
    if stores:
        wanted = {region} | {action.get("region", region) for action in _actions(declaration)}
        missing = sorted(wanted - stores.keys())
        if missing:
            raise InvalidStructureException(f"No artifact store for: {', '.join(missing)}")


def _check_stages(stages: list[Json]) -> None:
    if not 2 <= len(stages) <= 50:
        raise InvalidStructureException(
            f"Pipeline has {len(stages)} stage(s). It must have at least 2 and at most 50 stages"
        )
    names = [stage["name"] for stage in stages]
    if len(set(names)) < len(names):
        raise InvalidStageDeclarationException("Stage names must be unique in a pipeline")
    for position, stage in enumerate(stages):
        _check_stage(stage, first=position == 0)


def _check_stage(stage: Json, *, first: bool) -> None:
    name = stage["name"]
    if not 1 <= len(stage["actions"]) <= 50:
        raise InvalidStageDeclarationException(f"Stage {name} must have 1 to 50 actions")
    actions = [action["name"] for action in stage["actions"]]
    if len(set(actions)) < len(actions):
        raise InvalidActionDeclarationException(f"Action names must be unique in stage {name}")
    if any(_is_source(action) != first for action in stage["actions"]):
        raise InvalidStructureException(
            "Pipeline should start with a stage that only contains source actions, "
            f"and no other stage may contain one (stage {name})"
        )
    conditions = [key for key in ("beforeEntry", "onSuccess", "onFailure") if stage.get(key)]
    if conditions:
        # Ignoring a condition would let a pipeline succeed that AWS would fail.
        raise ValidationException(
            f"This emulator does not run stage conditions: {', '.join(conditions)} of stage {name}"
        )


def _is_source(action: Json) -> bool:
    return bool(action["actionTypeId"]["category"] == "Source")


def _check_action(action: Json) -> None:
    kind, name = action["actionTypeId"], action["name"]
    known = REQUIREMENTS.get((kind["category"], kind["provider"]))
    if known is None:
        return
    for member, count in zip(("inputArtifacts", "outputArtifacts"), known[:2], strict=True):
        if count is not None and len(action[member]) != count:
            raise InvalidActionDeclarationException(
                f"Action {name} must have {count} {member}, but has {len(action[member])}"
            )
    configuration = action["configuration"]
    wanted = [*known[2]]
    if (kind["category"], kind["provider"]) == ("Deploy", "S3"):
        wanted += [] if configuration.get("Extract") == "true" else ["ObjectKey"]
    missing = [key for key in wanted if key not in configuration]
    if missing:
        raise InvalidActionDeclarationException(
            f"Action configuration for action '{name}' is missing required configuration "
            f"'{', '.join(missing)}'"
        )


def _check_artifacts(declaration: Json) -> None:
    """Check that one action makes each artifact, before other actions use it."""
    made: set[str] = set()
    namespaces: set[str] = set()
    for stage in declaration["stages"]:
        for action in sorted(stage["actions"], key=lambda one: int(one["runOrder"])):
            unknown = {item["name"] for item in action["inputArtifacts"]} - made
            if unknown:
                raise InvalidStructureException(
                    f"Input Artifact Bundle(s) {', '.join(sorted(unknown))} in action "
                    f"{action['name']} are not declared as output of an earlier action"
                )
            outputs = {item["name"] for item in action["outputArtifacts"]}
            if made & outputs:
                raise InvalidStructureException(
                    "Output artifact names must be unique in a pipeline"
                )
            made |= outputs
            namespace = action.get("namespace")
            if namespace in namespaces or namespace in ("variables", "codepipeline"):
                raise InvalidStructureException(f"Namespace {namespace} is used or reserved")
            namespaces |= {namespace} if namespace else set()
