"""What a pipeline declares, as far as a release has to fit it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionDeclarationOutputTypeDef,
        PipelineDeclarationOutputTypeDef,
    )

# Each provider of source actions, and the revisionTypes that its actions take. Source: the
# CodePipeline user guide, "Start a pipeline with a source revision override".
_REVISION_TYPES = {
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
    "ECR": ("IMAGE_DIGEST",),
    "CodeCommit": ("COMMIT_ID",),
    "CodeStarSourceConnection": ("COMMIT_ID",),  # Bitbucket, GitHub, GitLab and their servers
    "GitHub": ("COMMIT_ID",),
}

OBJECT_KEY = "S3ObjectKey"
# Of each provider, what in an action's configuration says what its revisions are revisions of.
# Source: the CodePipeline user guide, "Action structure reference".
_ORIGINS = {
    "S3": ("S3Bucket", OBJECT_KEY),
    "ECR": ("RepositoryName",),
    "CodeCommit": ("RepositoryName",),
    "CodeStarSourceConnection": ("FullRepositoryId",),
    "GitHub": ("Owner", "Repo"),
}
_VARIABLE = re.compile(r"#\{variables\.([A-Za-z0-9@_-]+)\}")


def revision_types(provider: str) -> tuple[str, ...]:
    """The revisionTypes for a provider, that of its recorded revisions first; empty: unknown."""
    return _REVISION_TYPES.get(provider, ())


@dataclass(frozen=True, kw_only=True)
class SourceAction:
    """A source action and what it declares, by AWS's names for its provider's configuration.

    ``foreign_role`` is the role of another account that it reads its source with, if it does.
    """

    name: str
    provider: str
    configuration: Mapping[str, str] = field(default_factory=dict, repr=False)
    foreign_role: str | None = None

    @property
    def takes_keys(self) -> bool:
        """Whether S3_OBJECT_KEY may give it another object."""
        return self.configuration.get("AllowOverrideForS3ObjectKey", "").lower() == "true"

    @property
    def origin(self) -> dict[str, str]:
        """The bucket and key or the repository of its revisions, as far as that is known."""
        names = _ORIGINS.get(self.provider, ())
        return {name: self.configuration[name] for name in names if name in self.configuration}

    def with_variables(self, variables: Mapping[str, str]) -> Self:
        """The action as it runs with these variables of its pipeline; others stay as they are."""
        return replace(
            self,
            configuration={
                name: _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), value)
                for name, value in self.configuration.items()
            },
        )


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A pipeline as GetPipeline shows it; ``variables`` has the default of each, or None."""

    name: str
    type: str
    mode: str
    variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    sources: tuple[SourceAction, ...] = ()

    def sources_with(self, given: Mapping[str, str]) -> tuple[SourceAction, ...]:
        """The source actions as they run when the pipeline is started with these variables."""
        defaults = {name: value for name, value in self.variables.items() if value is not None}
        return tuple(source.with_variables({**defaults, **given}) for source in self.sources)


@dataclass(frozen=True, kw_only=True)
class NotAllowed:
    """A pipeline that the caller may not read, so that nobody knows whether it exists."""

    name: str


@dataclass(frozen=True, kw_only=True)
class NotMatched:
    """A pipeline whose name does not match ``patterns``, the deployment's; it was not looked up."""

    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NotFound:
    """A pipeline that does not exist, and the existing pipeline with the nearest name."""

    name: str
    nearest: str | None


# What was found of the pipelines that were asked for. A pipeline that does not exist is absent, or
# NotFound where the names of all pipelines are known.
type Declared = Mapping[str, Declaration | NotAllowed | NotMatched | NotFound]


def declaration_of(declared: Declared, name: str) -> Declaration | None:
    """What a pipeline declares, if it could be read."""
    found = declared.get(name)
    return found if isinstance(found, Declaration) else None


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether a name matches one of the patterns; * stands for any text, as in IAM."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def read_declaration(pipeline: "PipelineDeclarationOutputTypeDef") -> Declaration:
    """What a release has to fit in a pipeline that GetPipeline has answered."""
    actions = [action for stage in pipeline["stages"] for action in stage["actions"]]
    return Declaration(
        name=pipeline["name"],
        type=pipeline.get("pipelineType", "V1"),
        mode=pipeline.get("executionMode", "SUPERSEDED"),
        variables={
            each["name"]: each.get("defaultValue") for each in pipeline.get("variables", [])
        },
        sources=tuple(
            SourceAction(
                name=action["name"],
                provider=action["actionTypeId"]["provider"],
                configuration=action.get("configuration", {}),
                foreign_role=_foreign_role(action, pipeline),
            )
            for action in actions
            if action["actionTypeId"]["category"] == "Source"
        ),
    )


def _foreign_role(
    action: "ActionDeclarationOutputTypeDef", pipeline: "PipelineDeclarationOutputTypeDef"
) -> str | None:
    # Many tools give each action a role of its own, in the pipeline's account: that is no other.
    role = action.get("roleArn")
    return role if role and _account(role) != _account(pipeline.get("roleArn", "")) else None


def _account(arn: str) -> str:
    return ":".join(arn.split(":")[4:5])
