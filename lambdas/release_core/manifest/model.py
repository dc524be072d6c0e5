"""The release manifest: its model, which is also what its JSON Schema is generated from.

The keys of a manifest are named as people write them (``dependsOn``). What a release ships and how
makes it this release; when it must be done and what to do when another one is in the way may
differ when it is given again.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from release_core.clock import from_zoned_iso
from release_core.domain.revisions import MAX_SHIPPED, Pin, bytes_of
from release_core.errors import ManifestInvalid
from release_core.problems import Problem, report
from release_core.strict_json import ExactNumber, write_json

MAX_PIPELINES = 1000  # CodePipeline's quota for one Region
NAME_PATTERN = r"^[A-Za-z0-9.@_-]+$"  # of a pipeline and of an action
MAX_NAME = 100  # characters
MAX_OF_EACH = 50  # variables, and source revisions, of one StartPipelineExecution

# May differ between two manifests that are the same release.
_NOT_IDENTITY = {"schema_address", "dry_run", "resume", "on_busy", "deadline"}
# How it was handed in this time, which is nothing to keep.
_NOT_KEPT = {"schema_address", "dry_run", "resume"}


def spell_number(value: object) -> object:
    """The value, or if it is a number the text that was written: 5.1 and 5.10 are two releases."""
    if isinstance(value, ExactNumber):
        return value.spelling
    return str(value) if type(value) is int else value


_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"
_MAX_ID = 100
type ReleaseId = Annotated[
    str,
    BeforeValidator(spell_number),
    StringConstraints(pattern=_ID_PATTERN, max_length=_MAX_ID),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": _ID_PATTERN, "maxLength": _MAX_ID},
                {"type": "number", "minimum": 0},
            ]
        }
    ),
]


def _read_deadline(value: object) -> object:
    return from_zoned_iso(value) if isinstance(value, str) else value


type Deadline = Annotated[datetime, BeforeValidator(_read_deadline)]
# The limits below are those of botocore's model of CodePipeline.
type PipelineName = Annotated[
    str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=MAX_NAME)
]
type ActionName = Annotated[
    str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=MAX_NAME)
]
type VariableName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9@_-]+$", min_length=1, max_length=128)
]
# AWS's ".*" is a line of text, by the line ends that Java knows.
type VariableValue = Annotated[
    str,
    StringConstraints(pattern=r"^[^\n\r\u0085\u2028\u2029]*$", min_length=1, max_length=1000),
]
type RevisionType = Literal["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"]


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
    )


class SourceRevision(_Model):
    """The revision that one source action is to take, instead of its newest."""

    action_name: ActionName = Field(
        description="The name of a source action of the pipeline.", examples=["Source"]
    )
    revision_type: RevisionType = Field(
        description="COMMIT_ID for a repository, IMAGE_DIGEST for ECR, S3_OBJECT_VERSION_ID or "
        "S3_OBJECT_KEY for S3.",
        examples=["COMMIT_ID"],
    )
    revision_value: Annotated[str, StringConstraints(min_length=1, max_length=1500)] = Field(
        description="The commit, digest, version or key itself.",
        examples=["3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204"],
    )


class ManifestPipeline(_Model):
    """One pipeline of a release; a plain name is short for ``{"name": ...}``."""

    name: PipelineName = Field(
        description="The name of the pipeline in this account and Region.", examples=["orders"]
    )
    depends_on: tuple[PipelineName, ...] = Field(
        default=(),
        strict=False,
        description="Start when the last of these has succeeded; when one does not, skip.",
        examples=[["catalog"]],
        json_schema_extra={"uniqueItems": True},
    )
    timeout_minutes: Annotated[int, Field(ge=1, le=525_600)] | None = Field(
        default=None,
        description="Stop the pipeline so many minutes after its start: it is TIMED_OUT then.",
        examples=[60],
    )
    retries: Annotated[int, Field(ge=0, le=10)] = Field(
        default=0,
        description="Retry a failed stage so often before the pipeline counts as failed.",
        examples=[1],
    )
    variables: dict[VariableName, VariableValue] = Field(
        default_factory=dict,
        max_length=MAX_OF_EACH,
        description="Values for variables that the pipeline declares; it must be of type V2.",
        examples=[{"ENVIRONMENT": "production"}],
    )
    source_revisions: tuple[SourceRevision, ...] = Field(
        default=(),
        max_length=MAX_OF_EACH,
        strict=False,
        description="The revisions to ship, by a pipeline of type V2; a source action that is not "
        "named takes its newest.",
        examples=[
            [
                {
                    "actionName": "Source",
                    "revisionType": "S3_OBJECT_VERSION_ID",
                    "revisionValue": "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
                }
            ]
        ],
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        size = bytes_of(self.pins, self.variables)
        if size > MAX_SHIPPED:
            raise ValueError(
                f"its variables and source revisions have {size:,} bytes; at most {MAX_SHIPPED:,} "
                "fit into the ledger"
            )
        return self

    @property
    def pins(self) -> list[Pin]:
        """Its source revisions, as the ledger keeps them."""
        return [
            Pin(action=each.action_name, type=each.revision_type, revision=each.revision_value)
            for each in self.source_revisions
        ]


class Manifest(_Model):
    """What one release ships, in which order, and what happens when something fails."""

    schema_address: str | None = Field(
        default=None,
        alias="$schema",
        description="Where this schema is, for editors; the release machine ignores it.",
        examples=["./release-manifest.schema.json"],
    )
    release_id: ReleaseId = Field(
        description="The id of the release; a number keeps its spelling: 5.1 and 5.10 are two.",
        examples=["2026.11.22-1"],
    )
    pipelines: tuple[ManifestPipeline, ...] = Field(
        min_length=1,
        max_length=MAX_PIPELINES,
        strict=False,
        description="The pipelines of the release, each by its name or as an object.",
        examples=[["catalog", {"name": "orders", "dependsOn": ["catalog"]}]],
    )
    on_failure: Literal["halt", "continue", "stop", "rollback"] = Field(
        default="halt",
        description="When a pipeline does not succeed: halt starts nothing new, continue starts "
        "all that does not depend on it, stop stops the running ones too, rollback stops them and "
        "then releases what was there before.",
        examples=["rollback"],
    )
    max_concurrency: Annotated[int, Field(ge=1, le=MAX_PIPELINES)] | None = Field(
        default=None, description="At most so many pipelines in flight.", examples=[20]
    )
    stop_mode: Literal["graceful", "abandon"] = Field(
        default="graceful",
        description="Whether a stop waits for the actions that run, or abandons them.",
        examples=["abandon"],
    )
    deadline: Deadline | None = Field(
        default=None,
        description="When all must be done, with a time zone: what still runs then is stopped.",
        examples=["2026-11-22T18:00:00Z"],
    )
    on_busy: Literal["refuse", "wait"] = Field(
        default="refuse",
        description="What to do while another release holds one of the pipelines.",
        examples=["wait"],
    )
    resume: bool = Field(
        default=False,
        description="Run again what did not succeed in this release, as its next attempt.",
        examples=[True],
    )
    dry_run: bool = Field(
        default=False,
        description="Only plan the release: check all of it and write nothing.",
        examples=[True],
    )
    rollback_of: ReleaseId | None = Field(
        default=None,
        description="The release that this one takes back; release-machine rollback fills it in.",
        examples=["2026.11.21-3"],
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pipelines, in the order of the manifest."""
        return tuple(pipeline.name for pipeline in self.pipelines)

    @property
    def canonical(self) -> str:
        """The same text for manifests that mean the same, however they were written."""
        return self._text(exclude=_NOT_KEPT)

    @property
    def sha256(self) -> str:
        """The hash, in hexadecimal, of what makes two manifests the same release."""
        return hashlib.sha256(self._text(exclude=_NOT_IDENTITY).encode()).hexdigest()

    def refuse_past(self, now: datetime) -> None:
        """Raise ManifestInvalid when the deadline of the release has passed already."""
        if past := self.past(now):
            raise ManifestInvalid(report("The manifest", [past]))

    def past(self, now: datetime) -> Problem | None:
        """What is wrong with a deadline that has passed already."""
        if self.deadline is None or self.deadline > now:
            return None
        passed = self.deadline.isoformat().replace("+00:00", "Z")
        return Problem(("deadline",), f"{passed} has passed; give a later one, or leave it out")

    def _text(self, *, exclude: set[str]) -> str:
        fields = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=exclude)
        return write_json(fields)
