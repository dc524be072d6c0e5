"""The declarations of pipelines: the parts that a release has to match."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self, TypeAlias

from release_core.domain.automation import (
    Automation,
    Skippable,
    read_automation,
    read_skippable,
)
from release_core.immutable import Immutable

if TYPE_CHECKING:
    from types_boto3_codepipeline.type_defs import (
        ActionDeclarationOutputTypeDef,
        PipelineDeclarationOutputTypeDef,
    )

# The revisionTypes that the source actions of each provider accept; the first is the type of the
# revisions that CodePipeline records. Source: the CodePipeline user guide, "Start a pipeline with a
# source revision override".
_REVISION_TYPES = {
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
    "ECR": ("IMAGE_DIGEST",),
    "CodeCommit": ("COMMIT_ID",),
    "CodeStarSourceConnection": ("COMMIT_ID",),  # Bitbucket, GitHub, GitLab and their servers
    "GitHub": ("COMMIT_ID",),
}

OBJECT_KEY = "S3ObjectKey"
# The configuration of each provider's actions that names the bucket and key, or the repository.
# Source: the CodePipeline user guide, "Action structure reference".
_ORIGINS = {
    "S3": ("S3Bucket", OBJECT_KEY),
    "ECR": ("RepositoryName",),
    "CodeCommit": ("RepositoryName",),
    "CodeStarSourceConnection": ("FullRepositoryId",),
    "GitHub": ("Owner", "Repo"),
}
# The configuration of each provider's actions that turns the detection of changes off. Source: as
# above; the default is true.
_DETECTS_CHANGES = {
    "S3": "PollForSourceChanges",
    "CodeCommit": "PollForSourceChanges",
    "CodeStarSourceConnection": "DetectChanges",
    "GitHub": "PollForSourceChanges",
}
_STARTS_A_PIPELINE = ("Invoke", "AWS", "CodePipeline")
_VARIABLE = re.compile(r"#\{variables\.([A-Za-z0-9@_-]+)\}")


def revision_types(provider: str) -> tuple[str, ...]:
    """The revisionTypes of a provider, that of recorded revisions first; empty if unknown."""
    return _REVISION_TYPES.get(provider, ())


class Existence(Immutable):
    """Whether CodePipeline has a pipeline of a name, and when it was created, if that is known."""

    exists: bool
    created_at: datetime | None = None


class SourceAction(Immutable):
    """A source action of a pipeline; ``configuration`` has the provider's own field names.

    ``foreign_role`` is set when the action reads its source with a role of another account.
    """

    name: str
    provider: str
    configuration: Mapping[str, str] = field(default_factory=dict, repr=False)
    foreign_role: str | None = None

    @property
    def takes_keys(self) -> bool:
        """Whether a pin of type S3_OBJECT_KEY may replace its object key."""
        return self.configuration.get("AllowOverrideForS3ObjectKey", "").lower() == "true"

    @property
    def detects_changes(self) -> bool:
        """Whether CodePipeline itself starts the pipeline when the source changes."""
        key = _DETECTS_CHANGES.get(self.provider)
        return key is not None and self.configuration.get(key, "true").lower() != "false"

    @property
    def origin(self) -> dict[str, str]:
        """The configuration fields that name its bucket and key, or its repository, if known."""
        names = _ORIGINS.get(self.provider, ())
        return {name: self.configuration[name] for name in names if name in self.configuration}

    def with_variables(self, variables: Mapping[str, str]) -> Self:
        """The action with these pipeline variables resolved; other references stay."""
        return replace(
            self,
            configuration={
                name: _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), value)
                for name, value in self.configuration.items()
            },
        )


class Declaration(Immutable):
    """A pipeline's declaration from GetPipeline; ``variables`` maps names to defaults or None.

    ``categories`` are those of its actions, and CodePipeline may skip the ``skippable`` stages.
    ``triggered_by`` are the source actions that have a trigger, ``starts`` the names of the
    pipelines that its actions start.
    """

    name: str
    type: str
    mode: str
    variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    sources: tuple[SourceAction, ...] = ()
    version: int | None = None
    categories: frozenset[str] = frozenset()
    skippable: Skippable = field(default_factory=Skippable)
    automation: Automation = field(default_factory=Automation)
    triggered_by: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()

    def sources_with(self, given: Mapping[str, str]) -> tuple[SourceAction, ...]:
        """The source actions, resolved for a start with these variables."""
        defaults = {name: value for name, value in self.variables.items() if value is not None}
        return tuple(source.with_variables({**defaults, **given}) for source in self.sources)


class NotAllowed(Immutable):
    """The caller has no permission to read this pipeline; it may or may not exist."""

    name: str


class NotMatched(Immutable):
    """The pipeline's name does not match ``pipeline_name_patterns``; it was not looked up."""

    name: str
    patterns: tuple[str, ...]


class NotFound(Immutable):
    """A pipeline that does not exist, and the existing pipeline with the nearest name."""

    name: str
    nearest: str | None


# The result for each requested pipeline, by its name. A pipeline that does not exist is absent, or
# NotFound where the names of all pipelines are known.
Declared: TypeAlias = Mapping[str, Declaration | NotAllowed | NotMatched | NotFound]


def declaration_of(declared: Declared, name: str) -> Declaration | None:
    """The pipeline's declaration, or None when it could not be read."""
    found = declared.get(name)
    return found if isinstance(found, Declaration) else None


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether the pipeline's name matches a pattern; ``*`` matches any text, as in IAM."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def read_declaration(pipeline: "PipelineDeclarationOutputTypeDef") -> Declaration:
    """Read the declaration from the ``pipeline`` of a GetPipeline response."""
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
        version=pipeline.get("version"),
        categories=frozenset(action["actionTypeId"]["category"] for action in actions),
        skippable=read_skippable(pipeline),
        automation=read_automation(pipeline),
        triggered_by=frozenset(
            trigger["gitConfiguration"]["sourceActionName"]
            for trigger in pipeline.get("triggers", [])
        ),
        starts=tuple(dict.fromkeys(_started(actions))),
    )


def _started(actions: "Iterable[ActionDeclarationOutputTypeDef]") -> Iterator[str]:
    for action in actions:
        kind = action["actionTypeId"]
        if (kind["category"], kind["owner"], kind["provider"]) == _STARTS_A_PIPELINE:
            yield action.get("configuration", {}).get("PipelineName", "?")


def _foreign_role(
    action: "ActionDeclarationOutputTypeDef", pipeline: "PipelineDeclarationOutputTypeDef"
) -> str | None:
    # Many tools give each action its own role in the pipeline's account; that role is not foreign.
    role = action.get("roleArn")
    return role if role and _account(role) != _account(pipeline.get("roleArn", "")) else None


def _account(arn: str) -> str:
    return ":".join(arn.split(":")[4:5])
