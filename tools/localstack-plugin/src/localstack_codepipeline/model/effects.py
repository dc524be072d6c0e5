"""The effects a model returns and the results it takes: immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Artifact:
    """The place of an execution's artifact in the artifact store."""

    name: str
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Revision:
    """The revision that a source action found, and how it is shown."""

    id: str
    summary: str = ""
    url: str = ""
    change_id: str = ""
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Put this event on the default bus; effects carry events in the order they happened."""

    detail_type: str
    pipeline: str
    state: str
    detail: Mapping[str, Any]
    resources: tuple[str, ...]
    time: datetime


@dataclass(frozen=True, slots=True)
class RunAction:
    """Run this action and report its result through `CodePipelineModel.finish_action`.

    A manual approval comes as this effect too; it is answered by PutApprovalResult, with `token`. A
    Lambda invocation is answered by PutJobSuccessResult or PutJobFailureResult, with `job_id`. A
    rule of a stage's condition is an action of the category `Rule`.
    """

    pipeline: str
    execution_id: str
    action_execution_id: str
    stage: str
    action: str
    category: str
    owner: str
    provider: str
    configuration: Mapping[str, str]
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    region: str
    deadline: datetime
    overrides: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    job_id: str = ""
    continuation_token: str = ""


@dataclass(frozen=True, slots=True)
class AbandonAction:
    """The action no longer counts: a result that it reports later is ignored."""

    pipeline: str
    action_execution_id: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Call `CodePipelineModel.tick` at this moment."""

    moment: datetime


type Effect = EmitEvent | RunAction | AbandonAction | Wake


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action ended; `error_code` is empty when it succeeded."""

    error_code: str = ""
    error_message: str = ""
    summary: str = ""
    url: str = ""
    external_id: str = ""
    revision: Revision | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    updated_by: str = ""

    @property
    def succeeded(self) -> bool:
        """Tell whether the action succeeded."""
        return not self.error_code
