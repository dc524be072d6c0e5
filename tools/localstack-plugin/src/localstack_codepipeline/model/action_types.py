"""The action types of CodePipeline: the artifacts they take, their settings, and which are secret.

Source: the CodePipeline user guide, "Valid action types and providers" and "Action structure
reference". The settings are complete for the types whose `checked` is true.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.reading.pages import page
from localstack_codepipeline.model.state import Turn

MASK = "****"
# The settings of a type that is not listed here are secret if their names say so.
SECRET_NAME = re.compile(r"(token|password|secret|apikey|credentials?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ActionType:
    """An action type: the least and the most artifacts, and the names of its settings."""

    inputs: tuple[int, int] = (0, 0)
    outputs: tuple[int, int] = (0, 0)
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    checked: bool = False

    @property
    def settings(self) -> tuple[str, ...]:
        """Return the names of all settings."""
        return self.required + self.optional


NO, ONE = (0, 0), (1, 1)
BUILD = ActionType((1, 5), (0, 5), ("ProjectName",), ("PrimarySource", "EnvironmentVariables"))

# The key is category, owner and provider; the version of each is 1.
ACTION_TYPES: dict[tuple[str, str, str], ActionType] = {
    ("Source", "AWS", "S3"): ActionType(
        NO,
        ONE,
        required=("S3Bucket", "S3ObjectKey"),
        optional=("PollForSourceChanges", "AllowOverrideForS3ObjectKey"),
        checked=True,
    ),
    ("Source", "AWS", "CodeCommit"): ActionType(
        NO,
        ONE,
        required=("RepositoryName", "BranchName"),
        optional=("PollForSourceChanges", "OutputArtifactFormat"),
    ),
    ("Source", "AWS", "CodeStarSourceConnection"): ActionType(
        NO,
        ONE,
        required=("ConnectionArn", "FullRepositoryId", "BranchName"),
        optional=("OutputArtifactFormat", "DetectChanges"),
    ),
    ("Source", "AWS", "ECR"): ActionType(
        NO, ONE, required=("RepositoryName",), optional=("ImageTag",)
    ),
    ("Source", "ThirdParty", "GitHub"): ActionType(
        NO,
        ONE,
        required=("Owner", "Repo", "Branch", "OAuthToken"),
        optional=("PollForSourceChanges",),
        secret=("OAuthToken",),
    ),
    ("Build", "AWS", "CodeBuild"): BUILD,
    ("Test", "AWS", "CodeBuild"): BUILD,
    ("Approval", "AWS", "Manual"): ActionType(
        optional=("NotificationArn", "CustomData", "ExternalEntityLink", "IsSummaryRequired")
    ),
    ("Deploy", "AWS", "S3"): ActionType(
        ONE,
        NO,
        required=("BucketName", "Extract"),
        optional=("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl", "Region"),
        checked=True,
    ),
    ("Deploy", "AWS", "CodeDeploy"): ActionType(
        ONE, NO, required=("ApplicationName", "DeploymentGroupName")
    ),
    ("Deploy", "AWS", "ECS"): ActionType(
        ONE,
        NO,
        required=("ClusterName", "ServiceName"),
        optional=("FileName", "DeploymentTimeout"),
    ),
    ("Deploy", "AWS", "ElasticBeanstalk"): ActionType(
        ONE, NO, required=("ApplicationName", "EnvironmentName")
    ),
    ("Deploy", "AWS", "CloudFormation"): ActionType(
        (0, 10), (0, 1), ("ActionMode", "StackName"), ("TemplatePath", "RoleArn", "Capabilities")
    ),
    ("Invoke", "AWS", "Lambda"): ActionType(
        (0, 5), (0, 5), ("FunctionName",), ("UserParameters",), checked=True
    ),
    ("Invoke", "AWS", "CodePipeline"): ActionType(
        required=("PipelineName",), optional=("SourceRevisions", "Variables"), checked=True
    ),
    ("Invoke", "AWS", "StepFunctions"): ActionType(
        (0, 1), (0, 1), ("StateMachineArn",), ("ExecutionNamePrefix", "InputType", "Input")
    ),
}


def list_action_types(_turn: Turn, request: Json) -> Json:
    """Return the action types, of all owners or of one."""
    wanted = request.get("actionOwnerFilter")
    chosen = [key for key in ACTION_TYPES if wanted in (None, key[1])]
    keys, rest = page(chosen, request, most=100)
    return {"actionTypes": [_view(*key) for key in keys], **rest}


def with_masked_secrets(pipeline: Json) -> Json:
    """Return the structure of a pipeline as AWS shows it: with the mask in place of each secret."""
    return pipeline | {
        "stages": [
            stage
            | {
                "actions": [
                    action
                    | {"configuration": masked(action["actionTypeId"], action["configuration"])}
                    for action in stage["actions"]
                ]
            }
            for stage in pipeline["stages"]
        ]
    }


def masked(kind: Json, configuration: Mapping[str, str]) -> dict[str, str]:
    """Return the configuration of an action with the mask in place of each secret."""
    found = ACTION_TYPES.get((kind["category"], kind["owner"], kind["provider"]))

    def is_secret(name: str) -> bool:
        return name in found.secret if found else bool(SECRET_NAME.search(name))

    return {name: MASK if is_secret(name) else value for name, value in configuration.items()}


def problems_of_configuration(action: Json) -> Iterator[str]:
    """Say which settings an action lacks, and which it has that its type does not know."""
    kind = action["actionTypeId"]
    found = ACTION_TYPES.get((kind["category"], kind["owner"], kind["provider"]))
    if found is None or not found.checked:
        return
    given, subject = action["configuration"], f"Action configuration for action '{action['name']}'"
    if missing := [name for name in found.required if name not in given]:
        yield f"{subject} is missing required configuration '{', '.join(missing)}'"
    if unknown := [name for name in given if name not in found.settings]:
        yield f"{subject} contains unknown configuration '{', '.join(unknown)}'"


def _view(category: str, owner: str, provider: str) -> Json:
    kind = ACTION_TYPES[category, owner, provider]
    return {
        "id": {"category": category, "owner": owner, "provider": provider, "version": "1"},
        "settings": {},
        "actionConfigurationProperties": [
            {
                "name": name,
                "required": name in kind.required,
                "key": name in kind.required,
                "secret": name in kind.secret,
            }
            for name in kind.settings
        ],
        "inputArtifactDetails": _counts(kind.inputs),
        "outputArtifactDetails": _counts(kind.outputs),
    }


def _counts(limits: tuple[int, int]) -> Json:
    return {"minimumCount": limits[0], "maximumCount": limits[1]}
