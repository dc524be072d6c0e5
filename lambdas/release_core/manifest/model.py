"""The model of the release manifest; its JSON Schema is generated from it.

The keys of a manifest are in camel case (``dependsOn``). Two manifests are the same release when
they ship the same in the same way. ``title``, ``notes``, ``kind``, ``notBefore``, ``holdLocks``,
``deadline``, ``onBusy``, ``resume`` and ``dryRun`` may differ when a manifest is submitted again.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self, TypeAlias

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
from typing_extensions import TypeAliasType

from release_core.clock import from_zoned_iso
from release_core.domain.release import Release
from release_core.domain.revisions import MAX_SHIPPED, Pin, bytes_of
from release_core.errors import ManifestInvalid
from release_core.manifest.limits import (
    APPROVAL_PATTERN,
    ID_PATTERN,
    MAX_APPROVALS,
    MAX_HOLD_DAYS,
    MAX_ID,
    MAX_MIN_APPROVALS,
    MAX_NAME,
    MAX_NOTES,
    MAX_OF_EACH,
    MAX_PIPELINES,
    MAX_QUESTION,
    MAX_RETRIES,
    MAX_REVISION,
    MAX_TIMEOUT_MINUTES,
    MAX_TITLE,
    MAX_VARIABLE_NAME,
    MAX_VARIABLE_VALUE,
    NAME_PATTERN,
    QUESTION_PATTERN,
    TITLE_PATTERN,
    VARIABLE_NAME_PATTERN,
    VARIABLE_VALUE_PATTERN,
)
from release_core.problems import Problem, lines_of, report
from release_core.strict_json import ExactNumber, write_json

# May differ between two manifests that are the same release.
_NOT_IDENTITY = {
    *("schema_address", "dry_run", "resume", "on_busy"),
    *("title", "notes", "kind"),
    *("deadline", "not_before", "hold_locks"),
}
# These say how the manifest was submitted this time, so the ledger does not keep them.
_NOT_KEPT = {"schema_address", "dry_run", "resume"}


def spell_time(moment: datetime) -> str:
    """A time in the zone in which it was written."""
    return moment.isoformat().replace("+00:00", "Z")


def spell_number(value: object) -> object:
    """The value, or the spelling of a number: 5.1 and 5.10 are two releases."""
    if isinstance(value, ExactNumber):
        return value.spelling
    return str(value) if type(value) is int else value


ReleaseId = TypeAliasType(
    "ReleaseId",
    Annotated[
        str,
        StringConstraints(pattern=ID_PATTERN, max_length=MAX_ID),
        BeforeValidator(spell_number),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "pattern": ID_PATTERN, "maxLength": MAX_ID},
                    {"type": "number", "minimum": 0},
                ]
            }
        ),
    ],
)


def _read_time(value: object) -> object:
    return from_zoned_iso(value) if isinstance(value, str) else value


Time = TypeAliasType("Time", Annotated[datetime, BeforeValidator(_read_time)])
PipelineName = TypeAliasType(
    "PipelineName",
    Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=MAX_NAME)],
)
ApprovalName = TypeAliasType(
    "ApprovalName",
    Annotated[str, StringConstraints(pattern=APPROVAL_PATTERN, min_length=1, max_length=MAX_NAME)],
)
NodeName = TypeAliasType(
    "NodeName",
    Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=MAX_NAME)],
)
ActionName = TypeAliasType(
    "ActionName",
    Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=1, max_length=MAX_NAME)],
)
VariableName = TypeAliasType(
    "VariableName",
    Annotated[
        str,
        StringConstraints(
            pattern=VARIABLE_NAME_PATTERN, min_length=1, max_length=MAX_VARIABLE_NAME
        ),
    ],
)
VariableValue = TypeAliasType(
    "VariableValue",
    Annotated[
        str,
        StringConstraints(
            pattern=VARIABLE_VALUE_PATTERN, min_length=1, max_length=MAX_VARIABLE_VALUE
        ),
    ],
)
RevisionType = TypeAliasType(
    "RevisionType", Literal["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"]
)
# Part of the keys below in the JSON Schema, where a type statement makes a definition of its own.
RevisionValue = Annotated[str, StringConstraints(min_length=1, max_length=MAX_REVISION)]
Question = Annotated[
    str, StringConstraints(pattern=QUESTION_PATTERN, min_length=1, max_length=MAX_QUESTION)
]
Title = Annotated[str, StringConstraints(pattern=TITLE_PATTERN, min_length=1, max_length=MAX_TITLE)]
# Its characters are those of a question.
Notes = Annotated[
    str, StringConstraints(pattern=QUESTION_PATTERN, min_length=1, max_length=MAX_NOTES)
]
Kind = Literal["standard", "hotfix"]
OnFailure = Literal["halt", "continue", "stop", "rollback"]
StopMode = Literal["graceful", "abandon"]
OnBusy = Literal["refuse", "wait"]
OnSkipped = Literal["accept", "fail"]


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
    )


class SourceRevision(_Model):
    """The revision that a source action takes instead of the newest one."""

    action_name: ActionName = Field(
        description="The name of a source action of the pipeline.", examples=["Source"]
    )
    revision_type: RevisionType = Field(
        description="COMMIT_ID for a repository, IMAGE_DIGEST for ECR, S3_OBJECT_VERSION_ID or "
        "S3_OBJECT_KEY for S3.",
        examples=["COMMIT_ID"],
    )
    revision_value: RevisionValue = Field(
        description="The commit id, image digest, object version or object key.",
        examples=["3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204"],
    )


class ManifestPipeline(_Model):
    """A pipeline of a release; the name alone stands for ``{"name": ...}``."""

    name: PipelineName = Field(
        description="The name of the pipeline in this account and Region.", examples=["orders"]
    )
    depends_on: tuple[NodeName, ...] = Field(
        default=(),
        strict=False,
        description="Start the pipeline when all of these pipelines have succeeded and all of "
        "these approvals are granted. If one of them does not succeed, skip the pipeline.",
        examples=[["catalog"]],
        json_schema_extra={"uniqueItems": True},
    )
    timeout_minutes: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINUTES)] | None = Field(
        default=None,
        description="Stop the pipeline this many minutes after its start. Its status is then "
        "TIMED_OUT.",
        examples=[60],
    )
    retries: Annotated[int, Field(ge=0, le=MAX_RETRIES)] = Field(
        default=0,
        description="Maximum number of times that a failed stage is retried before the pipeline "
        "counts as failed.",
        examples=[1],
    )
    variables: dict[VariableName, VariableValue] = Field(
        default_factory=dict,
        max_length=MAX_OF_EACH,
        description="Values for the variables that the pipeline declares. The pipeline must be of "
        "type V2. They are not secret: everyone who may read the execution sees them. Values that "
        "look like AWS keys or private keys are rejected.",
        examples=[{"ENVIRONMENT": "production"}],
    )
    source_revisions: tuple[SourceRevision, ...] = Field(
        default=(),
        max_length=MAX_OF_EACH,
        strict=False,
        description="The revisions to ship. The pipeline must be of type V2. A source action that "
        "is not listed takes its newest revision.",
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
                f"variables and source revisions have {size:,} bytes together; at most "
                f"{MAX_SHIPPED:,} are allowed"
            )
        return self

    @property
    def pins(self) -> list[Pin]:
        """The source revisions, as the ledger keeps them."""
        return [
            Pin(action=each.action_name, type=each.revision_type, revision=each.revision_value)
            for each in self.source_revisions
        ]


class ManifestApproval(_Model):
    """An approval of a release: people are asked, and what depends on it waits for them."""

    name: ApprovalName = Field(
        description="The name of the approval. No pipeline of the release has the same name.",
        examples=["go-live"],
    )
    depends_on: tuple[NodeName, ...] = Field(
        default=(),
        strict=False,
        description="Ask when all of these pipelines have succeeded and all of these approvals "
        "are granted. If one of them does not succeed, nobody is asked.",
        examples=[["orders"]],
        json_schema_extra={"uniqueItems": True},
    )
    question: Question | None = Field(
        default=None,
        description="What people are asked, in one line or more.",
        examples=["Is the shop ready to go live?"],
    )
    min_approvals: Annotated[int, Field(ge=1, le=MAX_MIN_APPROVALS)] = Field(
        default=1,
        description="Number of people who have to approve. One rejection is final.",
        examples=[2],
    )
    four_eyes: bool = Field(
        default=True,
        description="Whether nobody who asked for the release may answer. The release must then "
        "be submitted through the API, which proves who asks for it.",
        examples=[False],
    )
    expires_after_minutes: Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINUTES)] | None = Field(
        default=None,
        description="Count the approval as failed when it is not granted this many minutes after "
        "people were asked. Its status is then TIMED_OUT.",
        examples=[2880],
    )

    @property
    def expires_after(self) -> timedelta | None:
        """How long people may take, if that is limited."""
        minutes = self.expires_after_minutes
        return None if minutes is None else timedelta(minutes=minutes)


Node: TypeAlias = ManifestPipeline | ManifestApproval


class Manifest(_Model):
    """What a release ships, in which order, and what happens when a pipeline fails."""

    schema_address: str | None = Field(
        default=None,
        alias="$schema",
        description="The address of this schema, for editors. The release machine ignores it.",
        examples=["./release-manifest.schema.json"],
    )
    release_id: ReleaseId = Field(
        description="The id of the release. A number keeps its spelling: 5.1 and 5.10 are two "
        "releases.",
        examples=["2026.11.22-1"],
    )
    pipelines: tuple[ManifestPipeline, ...] = Field(
        min_length=1,
        max_length=MAX_PIPELINES,
        strict=False,
        description="The pipelines of the release. Each is a name, or an object with a name.",
        examples=[["catalog", {"name": "orders", "dependsOn": ["catalog"]}]],
    )
    approvals: tuple[ManifestApproval, ...] = Field(
        default=(),
        max_length=MAX_APPROVALS,
        strict=False,
        description="The approvals of the release. Pipelines and approvals depend on each other "
        "by name.",
        examples=[[{"name": "go-live", "question": "Go live?", "expiresAfterMinutes": 2880}]],
    )
    title: Title | None = Field(
        default=None,
        description="What the release is about, in one line. It is shown wherever the release is.",
        examples=["Autumn prices"],
    )
    notes: Notes | None = Field(
        default=None,
        description="What people should know about the release, in one line or more. Everyone who "
        "may read the release sees its title and notes. Texts with AWS keys or private keys are "
        "rejected.",
        examples=["Prices change at 18:00.\nAsk Maria about the vouchers."],
    )
    kind: Kind = Field(
        default="standard",
        description="What the release counts as in release-machine metrics. hotfix: unplanned, to "
        "repair what an earlier deployment broke; it counts as rework, and the deployment before "
        "it as failed. standard: any other change.",
        examples=["hotfix"],
    )
    on_failure: OnFailure = Field(
        default="halt",
        description="What happens when a pipeline does not succeed or an approval is not granted. "
        "halt: no other pipeline "
        "starts. continue: pipelines that do not depend on it still start. stop: as halt, and "
        "running pipelines are stopped. rollback: as stop, then the previous revisions are "
        "released again.",
        examples=["rollback"],
    )
    on_skipped: OnSkipped = Field(
        default="accept",
        description="What happens when a pipeline succeeds although CodePipeline skipped one of "
        "its stages. accept: the pipeline has succeeded, and the release says what was skipped. "
        "fail: the pipeline has failed. A skipped deployment is never rolled back to.",
        examples=["fail"],
    )
    max_concurrency: Annotated[int, Field(ge=1, le=MAX_PIPELINES)] | None = Field(
        default=None,
        description="Maximum number of pipelines that run at the same time.",
        examples=[20],
    )
    stop_mode: StopMode = Field(
        default="graceful",
        description="How a pipeline is stopped. graceful: running actions end first, except manual "
        "approvals. abandon: running actions are abandoned.",
        examples=["abandon"],
    )
    not_before: Time | None = Field(
        default=None,
        description="The time, with a time zone, before which nothing starts. The release is held "
        "until then, and locks no pipeline before. A time that has passed means now.",
        examples=["2026-11-22T06:00:00Z"],
    )
    hold_locks: bool = Field(
        default=False,
        description="Whether a held release reserves its pipelines: releases that come later do "
        "not run them before it. Without notBefore it has no effect.",
        examples=[True],
    )
    deadline: Time | None = Field(
        default=None,
        description="The time, with a time zone, at which pipelines that still run are stopped.",
        examples=["2026-11-22T18:00:00Z"],
    )
    on_busy: OnBusy = Field(
        default="refuse",
        description="What happens while another release holds one of the pipelines. refuse: the "
        "manifest is rejected. wait: the release starts when all its pipelines are free.",
        examples=["wait"],
    )
    resume: bool = Field(
        default=False,
        description="Run the pipelines that did not succeed in this release again, as its next "
        "attempt.",
        examples=[True],
    )
    dry_run: bool = Field(
        default=False,
        description="Plan the release only: all checks are made, nothing is started or recorded.",
        examples=[True],
    )
    rollback_of: ReleaseId | None = Field(
        default=None,
        description="The release that this release rolls back. release-machine rollback sets it.",
        examples=["2026.11.21-3"],
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pipelines, in the order of the manifest."""
        return tuple(pipeline.name for pipeline in self.pipelines)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The pipelines, then the approvals, each in the order of the manifest."""
        return (*self.pipelines, *self.approvals)

    @property
    def canonical(self) -> str:
        """The canonical text; manifests with the same meaning have the same text."""
        return self._text(exclude=_NOT_KEPT)

    @property
    def sha256(self) -> str:
        """The hash, in hexadecimal, by which two manifests are the same release."""
        return hashlib.sha256(self._text(exclude=_NOT_IDENTITY).encode()).hexdigest()

    def as_on_record(self, release: Release) -> Self:
        """The manifest with the title, notes and kind of its release, which it does not change."""
        kept = {"title": release.title, "notes": release.notes, "kind": release.kind.value}
        return self.model_copy(update=kept)

    def refuse_untimely(self, now: datetime, *, came_at: datetime | None = None) -> None:
        """Raise ManifestInvalid when one of its times does not fit, as ``untimely`` says."""
        if problem := self.untimely(now, came_at=came_at):
            raise ManifestInvalid(report("The manifest", [problem]), lines_of([problem]))

    def untimely(self, now: datetime, *, came_at: datetime | None = None) -> Problem | None:
        """The problem of a deadline that has passed, of a time that is too far away, or None.

        The manifest ``came_at`` this time, by default now.
        """
        if self.deadline and self.deadline <= now:
            passed = spell_time(self.deadline)
            return Problem(("deadline",), f"{passed} has passed; use a later time, or none")
        if self.not_before and self.not_before - now > timedelta(days=MAX_HOLD_DAYS):
            far = spell_time(self.not_before)
            return Problem(("notBefore",), f"{far} is more than {MAX_HOLD_DAYS} days from now")
        return self._expiry_after_deadline(came_at or now)

    def _expiry_after_deadline(self, came_at: datetime) -> Problem | None:
        """The problem of an approval that could never wait for as long as it says.

        A resume takes what is left of the time.
        """
        if self.deadline is None or self.resume:
            return None
        left = self.deadline - max(came_at, self.not_before or came_at)
        for position, each in enumerate(self.approvals):
            if each.expires_after and each.expires_after > left:
                minutes = left // timedelta(minutes=1)
                return Problem(
                    ("approvals", position, "expiresAfterMinutes"),
                    f"the deadline, {spell_time(self.deadline)}, comes first; use a number up to "
                    f"{minutes:,}, a later deadline, or remove it: the deadline counts here, too",
                )
        return None

    def _text(self, *, exclude: set[str]) -> str:
        fields = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=exclude)
        return write_json(fields)
