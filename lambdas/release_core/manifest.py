"""The release manifest: its model, and every problem of a document that is not one.

The fields of a manifest are named as people write them (``dependsOn``). Those listed as NOT_YET are
part of the model and are refused, not ignored, until they have their behaviour.

What a release ships and how makes it this release; when it must be done and what to do when another
one is in the way may differ when it is given again.
"""

import hashlib
from collections import Counter
from collections.abc import Container, Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from release_core.dependencies import dependency_problems
from release_core.document import ExactNumber, write_json
from release_core.errors import ManifestInvalid
from release_core.problems import report

MAX_PIPELINES = 1000  # CodePipeline's quota for one Region

NOT_YET_OF_PIPELINE = ("variables", "sourceRevisions")
# May differ between two manifests that are the same release.
_NOT_IDENTITY = {"resume", "on_busy", "deadline"}


def _spell_number(value: object) -> object:
    # 5.1 and 5.10 are two releases: a number is the text that was written.
    if isinstance(value, ExactNumber):
        return value.spelling
    return str(value) if type(value) is int else value


type ReleaseId = Annotated[
    str,
    BeforeValidator(_spell_number),
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=100),
]


def _read_deadline(value: object) -> object:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("must say its time zone, as in 2026-11-22T18:00:00Z")
    return moment


type Deadline = Annotated[datetime, BeforeValidator(_read_deadline)]
type PipelineName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.@_-]+$", min_length=1, max_length=100)
]


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
    )


class SourceRevision(_Model):
    """The revision one source action shall take, as StartPipelineExecution names it."""

    action_name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    revision_type: Literal["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"]
    revision_value: Annotated[str, StringConstraints(min_length=1, max_length=1500)]


class ManifestPipeline(_Model):
    """One pipeline of a release; a plain name is short for ``{"name": ...}``."""

    name: PipelineName
    depends_on: tuple[PipelineName, ...] = Field(default=(), strict=False)
    timeout_minutes: Annotated[int, Field(ge=1, le=525_600)] | None = None
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    variables: dict[str, str] = Field(default_factory=dict, max_length=50)
    source_revisions: tuple[SourceRevision, ...] = Field(default=(), max_length=50, strict=False)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value


class Manifest(_Model):
    """What one release ships."""

    release_id: ReleaseId
    pipelines: tuple[ManifestPipeline, ...] = Field(
        min_length=1, max_length=MAX_PIPELINES, strict=False
    )
    on_failure: Literal["halt", "continue", "stop", "rollback"] = "halt"
    max_concurrency: Annotated[int, Field(ge=1, le=MAX_PIPELINES)] | None = None
    stop_mode: Literal["graceful", "abandon"] = "graceful"
    deadline: Deadline | None = None
    on_busy: Literal["refuse", "wait"] = "refuse"
    resume: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pipelines, in the order of the manifest."""
        return tuple(pipeline.name for pipeline in self.pipelines)

    @property
    def canonical(self) -> str:
        """The same text for manifests that mean the same, however they were written."""
        return self._text(exclude={"resume"})

    @property
    def sha256(self) -> str:
        """The hash, in hexadecimal, of what makes two manifests the same release."""
        return hashlib.sha256(self._text(exclude=_NOT_IDENTITY).encode()).hexdigest()

    def refuse_past(self, now: datetime) -> None:
        """Raise ManifestInvalid when the deadline of the release has passed already."""
        if self.deadline and self.deadline <= now:
            raise ManifestInvalid(report("The manifest", [f"deadline: {self.deadline} has passed"]))

    def _text(self, *, exclude: set[str]) -> str:
        fields = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=exclude)
        return write_json(fields)


def check_manifest(document: object, *, known_pipelines: Container[str]) -> Manifest:
    """The manifest in a JSON document, all of whose pipelines are among ``known_pipelines``.

    Raises ManifestInvalid with every problem, one a line, each with its path.
    """
    problems: list[str] = []
    manifest = None
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        problems += _model_problems(error)
    problems += _duplicate_names(document)
    problems += _unsupported_fields(document)
    problems += _unknown_pipelines(document, known_pipelines)
    problems += dependency_problems(_dependencies(document))
    if manifest is None or problems:
        raise ManifestInvalid(report("The manifest", problems))
    return manifest


def _model_problems(error: ValidationError) -> Iterator[str]:
    details = error.errors()
    refused = {each["loc"][:-depth] for each in details for depth in range(1, len(each["loc"]))}
    for each in details:
        # pydantic counts the good entries of a list: one that holds a bad entry is not empty.
        if each["type"] == "too_short" and each["loc"] in refused:
            continue
        yield f"{_path(each['loc'])}: {_words(each['type'], each['msg'])}"


def _duplicate_names(document: object) -> Iterator[str]:
    counts = Counter(name for _, name in _named_pipelines(document))
    seen: set[str] = set()
    for path, name in _named_pipelines(document):
        if counts[name] > 1 and name in seen:
            yield f"{path}: {name!r} is named more than once"
        seen.add(name)


def _unsupported_fields(document: object) -> Iterator[str]:
    if isinstance(document, dict) and document.get("onFailure") == "rollback":
        yield "onFailure: 'rollback' is not supported yet"
    for path, entry in _entries(document):
        if isinstance(entry, dict):
            for key in NOT_YET_OF_PIPELINE:
                if key in entry:
                    yield f"{path}.{key}: not supported yet"


def _unknown_pipelines(document: object, known: Container[str]) -> Iterator[str]:
    for path, name in _named_pipelines(document):
        if name not in known:
            yield f"{path}: there is no pipeline {name!r} in this account and Region"


def _dependencies(document: object) -> dict[str, tuple[str, list[str]]]:
    """The path of each pipeline and the names it depends on, as far as they are well-formed."""
    found: dict[str, tuple[str, list[str]]] = {}
    for path, entry in _entries(document):
        name = entry.get("name") if isinstance(entry, dict) else entry
        before = entry.get("dependsOn") if isinstance(entry, dict) else []
        if isinstance(name, str):
            listed = before if isinstance(before, list) else []
            found.setdefault(name, (path, [each for each in listed if isinstance(each, str)]))
    return found


def _named_pipelines(document: object) -> Iterator[tuple[str, str]]:
    for path, entry in _entries(document):
        name = entry.get("name") if isinstance(entry, dict) else entry
        if isinstance(name, str):
            yield path, name


def _entries(document: object) -> Iterator[tuple[str, object]]:
    pipelines = document.get("pipelines") if isinstance(document, dict) else None
    if isinstance(pipelines, list):
        for index, entry in enumerate(pipelines[: MAX_PIPELINES + 1]):
            yield f"pipelines[{index}]", entry


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".") or "manifest"


def _words(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "is required"
        case "model_type":
            return "must be a JSON object"
        case "too_short":
            return "must not be empty"
        case _:
            return message[:1].lower() + message[1:]
