"""What a user is told about a value that the model rejects; no text of pydantic reaches a user.

Each kind of error has a sentence, and each place of a manifest has the value that it expects.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError

from release_core.clock import ZONED_TIME
from release_core.manifest.limits import (
    APPROVAL_IN_WORDS,
    ID_IN_WORDS,
    MAX_MIN_APPROVALS,
    MAX_PIPELINES,
    MAX_RETRIES,
    MAX_TIMEOUT_MINUTES,
    NAME_IN_WORDS,
    VARIABLE_NAME_IN_WORDS,
)
from release_core.manifest.model import (
    Kind,
    Manifest,
    ManifestApproval,
    ManifestPipeline,
    OnBusy,
    OnFailure,
    OnSkipped,
    RevisionType,
    SourceRevision,
    StopMode,
)
from release_core.manifest.nearest import NearestName
from release_core.manifest.requests import REQUEST_KEYS
from release_core.problems import Place, Problem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_AS_EXPECTED = "must be {expected}{suggestion}"
# By pydantic's name of the error.
SENTENCES: Mapping[str, str] = {
    "bool_type": _AS_EXPECTED,
    "datetime_type": _AS_EXPECTED,
    "dict_type": _AS_EXPECTED,
    "greater_than_equal": _AS_EXPECTED,
    "int_type": _AS_EXPECTED,
    "less_than_equal": _AS_EXPECTED,
    "literal_error": _AS_EXPECTED,
    "model_type": _AS_EXPECTED,
    "string_pattern_mismatch": _AS_EXPECTED,
    "string_type": _AS_EXPECTED,
    "tuple_type": _AS_EXPECTED,
    "extra_forbidden": "unknown key{suggestion}",
    "missing": "is required",
    "string_too_long": "must have at most {max_length:,} characters",
    "string_too_short": "must not be empty",
    "string_unicode": "contains an incomplete character: one of \\ud800 to \\udfff alone",
    "too_long": "must have at most {max_length:,} entries",
    "too_short": "must not be empty",
    "value_error": "{error}",  # of our own validators
}

_VARIABLE, _VARIABLE_NAME = "pipelines[].variables.*", "the name in pipelines[].variables"
_CHOICES: Mapping[str, Sequence[str]] = {
    "kind": get_args(Kind),
    "onFailure": get_args(OnFailure),
    "onSkipped": get_args(OnSkipped),
    "stopMode": get_args(StopMode),
    "onBusy": get_args(OnBusy),
    "pipelines[].sourceRevisions[].revisionType": get_args(RevisionType.__value__),
}
# By the place in a manifest; [] stands for each entry of a list.
EXPECTED: Mapping[str, str] = {
    "": "a JSON object with `releaseId` and `pipelines`",
    "$schema": "a string",
    "releaseId": f"a number or a string of {ID_IN_WORDS}",
    "title": "a text in one line, without control characters",
    "notes": "a text without control characters, in one line or more",
    "pipelines": "a list of pipelines",
    "pipelines[]": "the name of a pipeline, or an object with a `name`",
    "pipelines[].name": f"the name of a pipeline: {NAME_IN_WORDS}",
    "pipelines[].dependsOn": "a list of names of pipelines or approvals",
    "pipelines[].dependsOn[]": f"the name of a pipeline or approval: {NAME_IN_WORDS}",
    "pipelines[].timeoutMinutes": f"a whole number from 1 to {MAX_TIMEOUT_MINUTES:,}",
    "pipelines[].retries": f"a whole number from 0 to {MAX_RETRIES}",
    "pipelines[].variables": "an object with a string for each variable",
    _VARIABLE_NAME: VARIABLE_NAME_IN_WORDS,
    _VARIABLE: "a string without line breaks",
    "pipelines[].sourceRevisions": "a list of source revisions",
    "pipelines[].sourceRevisions[]": (
        "an object with `actionName`, `revisionType` and `revisionValue`"
    ),
    "pipelines[].sourceRevisions[].actionName": f"the name of a source action: {NAME_IN_WORDS}",
    "pipelines[].sourceRevisions[].revisionValue": "a string",
    "approvals": "a list of approvals",
    "approvals[]": "an object with a `name`",
    "approvals[].name": f"the name of an approval: {APPROVAL_IN_WORDS}",
    "approvals[].dependsOn": "a list of names of pipelines or approvals",
    "approvals[].dependsOn[]": f"the name of a pipeline or approval: {NAME_IN_WORDS}",
    "approvals[].question": "a text without control characters, in one line or more",
    "approvals[].minApprovals": f"a whole number from 1 to {MAX_MIN_APPROVALS}",
    "approvals[].fourEyes": "true or false",
    "approvals[].expiresAfterMinutes": f"a whole number from 1 to {MAX_TIMEOUT_MINUTES:,}",
    "maxConcurrency": f"a whole number from 1 to {MAX_PIPELINES:,}",
    "notBefore": ZONED_TIME,
    "holdLocks": "true or false",
    "deadline": ZONED_TIME,
    "resume": "true or false",
    "dryRun": "true or false",
    "rollbackOf": f"a number or a string of {ID_IN_WORDS}",
} | {place: f"{', '.join(choices[:-1])} or {choices[-1]}" for place, choices in _CHOICES.items()}


def _keys(model: type[BaseModel]) -> Sequence[str]:
    return [str(each.alias) for each in model.model_fields.values()]


_KEYS: Mapping[str, Sequence[str]] = {
    "": _keys(Manifest),
    "pipelines[]": _keys(ManifestPipeline),
    "pipelines[].sourceRevisions[]": _keys(SourceRevision),
    "approvals[]": _keys(ManifestApproval),
}


def model_problems(error: ValidationError, document: object) -> Iterator[Problem]:
    """The problems of a document that is not a manifest, each at its place and in our words."""
    # Without `pipelines` the document may be meant as a request.
    is_request = isinstance(document, dict) and "pipelines" not in document
    names = {**_KEYS, **_CHOICES}
    if is_request:
        names[""] = [*_KEYS[""], *REQUEST_KEYS]
    nearest = {place: NearestName(known) for place, known in names.items()}
    details = error.errors()
    refused = {each["loc"][:-depth] for each in details for depth in range(1, len(each["loc"]))}
    for each in details:
        # pydantic counts only valid entries: a list with an invalid entry is not empty.
        if each["type"] == "too_short" and each["loc"] in refused:
            continue
        # The name of a variable has the place of the variable.
        is_name = _kind_of(each["loc"]) == _VARIABLE_NAME
        place = each["loc"][:-1] if is_name else each["loc"]
        yield Problem(place, f"{'the name ' if is_name else ''}{_sentence(each, nearest)}")


def _sentence(detail: "ErrorDetails", nearest: Mapping[str, NearestName]) -> str:
    place = _kind_of(detail["loc"])
    name = detail["input"]
    suggestion = ""
    if detail["type"] == "extra_forbidden":
        name, place = detail["loc"][-1], _kind_of(detail["loc"][:-1])
        suggestion = f"; the keys here are {', '.join(_KEYS[place])}"
    if place in nearest and isinstance(name, str):
        suggestion = nearest[place].suggest(name) or suggestion
    sentence = SENTENCES.get(detail["type"], _AS_EXPECTED)
    ours = {"expected": EXPECTED.get(place, "another value"), "suggestion": suggestion}
    return sentence.format_map({**detail.get("ctx", {}), **ours})


def _kind_of(place: Place) -> str:
    """The place without the indexes and the names of variables, as in EXPECTED."""
    match place:
        case ("pipelines", int(), "variables", _):
            return _VARIABLE
        case ("pipelines", int(), "variables", _, "[key]"):
            return _VARIABLE_NAME
        case _:
            parts = ("[]" if isinstance(part, int) else f".{part}" for part in place)
            return "".join(parts).removeprefix(".")
