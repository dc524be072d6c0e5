"""The structure of a pipeline: checked as AWS does, with AWS's defaults filled in.

Source: the CodePipeline user guide, "Pipeline structure reference" and "Quotas". The service model
has the constraints of single members (lengths, patterns); they are checked before.
"""

import copy
from collections.abc import Iterator

from localstack_codepipeline.model.action_types import problems_of_configuration
from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.rules import problems_of_stage

STRUCTURE = "InvalidStructureException"
STAGE = "InvalidStageDeclarationException"
ACTION = "InvalidActionDeclarationException"

# For each provider the numbers of input and output artifacts; others may have any number.
ARTIFACTS: dict[tuple[str, str], tuple[int, int]] = {
    ("Source", "S3"): (0, 1),
    ("Deploy", "S3"): (1, 0),
    ("Invoke", "CodePipeline"): (0, 0),
    ("Approval", "Manual"): (0, 0),
}

# The code and the text of an error.
type Problem = tuple[str, str]


def complete_declaration(given: Json, *, region: str, version: int) -> Json:
    """Return a checked copy of the structure with AWS's defaults filled in.

    Raises an ApiError for the first broken rule, and for what the emulator does not support.
    """
    declaration = copy.deepcopy(given)
    declaration["version"] = version
    declaration.setdefault("pipelineType", "V1")
    declaration.setdefault("executionMode", "SUPERSEDED")
    for action in _actions(declaration):
        defaults = {"runOrder": 1, "configuration": {}, "inputArtifacts": [], "outputArtifacts": []}
        action.update(defaults | action)
    for problem in _problems(declaration, region):
        raise ApiError(*problem)
    return declaration


def _actions(declaration: Json) -> Iterator[Json]:
    for stage in declaration["stages"]:
        yield from stage["actions"]


def _problems(declaration: Json, region: str) -> Iterator[Problem]:
    yield from _problems_of_type(declaration)
    yield from _problems_of_stores(declaration, region)
    yield from _problems_of_stages(declaration["stages"])
    for stage in declaration["stages"]:
        for text in problems_of_stage(stage, declaration["pipelineType"]):
            yield STAGE, text
    for action in _actions(declaration):
        yield from _problems_of_action(action)
    yield from _problems_of_artifacts(declaration)


def _problems_of_type(declaration: Json) -> Iterator[Problem]:
    mode, variables = declaration["executionMode"], declaration.get("variables")
    if declaration["pipelineType"] != "V2":
        if mode != "SUPERSEDED":
            yield STRUCTURE, f"Execution mode {mode} needs a pipeline of type V2"
        if variables or declaration.get("triggers"):
            yield STRUCTURE, "Variables and triggers need a pipeline of type V2"
        for action in _actions(declaration):
            kind = action["actionTypeId"]
            if (kind["category"], kind["provider"]) == ("Invoke", "CodePipeline"):
                yield ACTION, f"Action {action['name']} needs a pipeline of type V2"
    if _repeated(variables or []):
        yield STRUCTURE, "Variable names must be unique in a pipeline"


def _problems_of_stores(declaration: Json, region: str) -> Iterator[Problem]:
    stores = declaration.get("artifactStores")
    if ("artifactStore" in declaration) == bool(stores):
        yield STRUCTURE, "A pipeline must have either artifactStore or artifactStores, not both"
    if stores:
        wanted = {region} | {action.get("region", region) for action in _actions(declaration)}
        if missing := sorted(wanted - stores.keys()):
            yield STRUCTURE, f"No artifact store for: {', '.join(missing)}"


def _problems_of_stages(stages: list[Json]) -> Iterator[Problem]:
    if not 2 <= len(stages) <= 50:
        count = f"Pipeline has {len(stages)} stage(s)"
        yield STRUCTURE, f"{count}. It must have at least 2 and at most 50 stages"
    if _repeated(stages):
        yield STAGE, "Stage names must be unique in a pipeline"
    for position, stage in enumerate(stages):
        name, actions = stage["name"], stage["actions"]
        if not 1 <= len(actions) <= 50:
            yield STAGE, f"Stage {name} must have 1 to 50 actions"
        if _repeated(actions):
            yield ACTION, f"Action names must be unique in stage {name}"
        sources = [action["actionTypeId"]["category"] == "Source" for action in actions]
        if any(is_source != (position == 0) for is_source in sources):
            rule = "Pipeline should start with a stage that only contains source actions"
            yield STRUCTURE, f"{rule}, and no other stage may contain one (stage {name})"


def _problems_of_action(action: Json) -> Iterator[Problem]:
    name = action["name"]
    kind = action["actionTypeId"]["category"], action["actionTypeId"]["provider"]
    inputs, outputs = ARTIFACTS.get(kind, (None, None))
    for member, count in (("inputArtifacts", inputs), ("outputArtifacts", outputs)):
        if count not in (None, len(action[member])):
            yield ACTION, f"Action {name} must have {count} {member}, but has {len(action[member])}"
    for problem in problems_of_configuration(action):
        yield ACTION, problem


def _problems_of_artifacts(declaration: Json) -> Iterator[Problem]:
    """Check that one action makes each artifact, before other actions use it."""
    made: set[str] = set()
    namespaces = {"variables", "codepipeline"}
    for stage in declaration["stages"]:
        for action in sorted(stage["actions"], key=lambda one: int(one["runOrder"])):
            if unknown := {item["name"] for item in action["inputArtifacts"]} - made:
                subject = f"Input Artifact Bundle(s) {', '.join(sorted(unknown))}"
                place = f"in action {action['name']}"
                yield (
                    STRUCTURE,
                    f"{subject} {place} are not declared as output of an earlier action",
                )
            outputs = {item["name"] for item in action["outputArtifacts"]}
            if made & outputs:
                yield STRUCTURE, "Output artifact names must be unique in a pipeline"
            made |= outputs
            namespace = action.get("namespace")
            if namespace in namespaces:
                yield STRUCTURE, f"Namespace {namespace} is used or reserved"
            namespaces |= {namespace} - {None}


def _repeated(named: list[Json]) -> bool:
    return len({one["name"] for one in named}) < len(named)
