"""Requests that the API passes to a function, read strictly, and the function's responses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from release_core.errors import ManifestUnreadable, RequestRefused, Unfinished
from release_core.immutable import Immutable
from release_core.logs import invocation, log_of
from release_core.manifest.nearest import NearestName
from release_core.problems import is_hidden, is_storable, one_line, report
from release_core.strict_json import read_json, write_json

log = log_of(__name__)

MAX_BODY = 16 * 1024  # bytes
MAX_TEXT = 1000  # bytes of a comment or a reason
_LINE_BREAK = "\n"
_UNFINISHED = (
    "AWS refused a call or did not answer it, so this is not finished. It may be recorded: send "
    "the same request again, which does not count twice"
)


class ApiRequest(Immutable):
    """A signed request: the ARN that signed it, the parameters of its path, and its body.

    As in a manifest, a key that is null means the same as one that is absent. A caller writes the
    parameters as they are: their characters need no percent-encoding.
    """

    caller: str
    path: Mapping[str, str]
    body: Mapping[str, object]

    def named(self, key: str) -> str | None:
        """What the path names, for the log; it is not checked yet."""
        name = self.path.get(key)
        return one_line(name) if name else None

    def text(self, key: str) -> str | None:
        """The text of a key, without white space around it; None if it is absent or blank.

        Raises RequestRefused for another value, a long text, and one with hidden characters.
        """
        value = self.body.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise RequestRefused(400, f"`{key}` must be a text in double quotes")
        text = value.strip()
        if any(is_hidden(sign) for sign in text if sign != _LINE_BREAK):
            raise RequestRefused(400, f"`{key}` has a hidden character, such as a tab; remove it")
        if text and not is_storable(text, MAX_TEXT):
            raise RequestRefused(400, f"`{key}` has more than {MAX_TEXT:,} bytes; shorten it")
        return text or None


def route_of(event: object) -> str:
    """The method and the path of the route that an event is for, such as ``POST /freezes``."""
    match event:
        case {"httpMethod": str(method), "resource": str(path)}:
            return f"{method} {path}"
    return ""


def answer(
    event: object, keys: Sequence[str], handle: Callable[[ApiRequest], Mapping[str, object]]
) -> dict[str, Any]:
    """Handle the request in an event of API Gateway, and return the response.

    The body may have these ``keys``. After an error that passes with time the caller sends the
    request again: what is on record already counts once.
    """
    try:
        request = _read(event, keys)
    except RequestRefused as refused:
        return _refusal(refused)
    with invocation(release_id=request.named("releaseId"), pipeline=request.named("approval")):
        try:
            return _response(200, handle(request))
        except RequestRefused as refused:
            return _refusal(refused)
        except (Unfinished, ClientError, BotoCoreError):
            log.exception("the request is not finished")
            return _response(503, {"message": _UNFINISHED})


def _refusal(refused: RequestRefused) -> dict[str, Any]:
    return _response(refused.status, {"message": str(refused)})


def _response(status: int, body: Mapping[str, object]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": write_json(body)}


def _read(event: object, keys: Sequence[str]) -> ApiRequest:
    match event:
        case {
            "requestContext": {"identity": {"userArn": str(caller)}},
            "pathParameters": dict() | None as path,
            "body": str() | None as body,
        } if caller:
            # Decoded once more, a name could be another one than IAM has compared with a policy.
            return ApiRequest(caller=caller, path=path or {}, body=_fields(body or "{}", keys))
        case {"requestContext": {"identity": dict(identity)}} if not identity.get("userArn"):
            raise RequestRefused(403, "sign the request with AWS credentials (Signature Version 4)")
        case _:
            raise RequestRefused(400, "this function answers requests of the API only")


def _fields(body: str, keys: Sequence[str]) -> dict[str, object]:
    size = len(body.encode(errors="replace"))
    if size > MAX_BODY:
        raise RequestRefused(400, f"the body has {size:,} bytes; it may have {MAX_BODY:,}")
    try:
        fields = read_json(body, place="the body")
    except ManifestUnreadable as error:
        raise RequestRefused(400, str(error)) from error
    if not isinstance(fields, dict):
        raise RequestRefused(400, 'the body must be a JSON object, such as {"key": "value"}')
    nearest = NearestName(keys)
    unknown = [
        f"unknown key `{one_line(key)}`{nearest.suggest(key)}" for key in fields if key not in keys
    ]
    if unknown:
        raise RequestRefused(400, report("the body", unknown))
    return fields
