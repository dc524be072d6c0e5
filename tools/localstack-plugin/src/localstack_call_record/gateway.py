"""Notes the calls that pass LocalStack: those of functions, and those that services make for roles.

A call is signed with an access key. The role behind the key is known from STS's answer to the
AssumeRole that made it, which passes LocalStack, too.
"""

from collections.abc import Callable, Mapping
from typing import Any

from localstack_call_record.authorization import Call, Place, needed
from localstack_call_record.record import CallRecord

type KeyReader = Callable[[Mapping[str, str]], str | None]


class Gateway:
    """A finalizer of LocalStack's handler chain: it sees each call with its answer."""

    def __init__(self, record: CallRecord, access_key: KeyReader) -> None:
        """``access_key`` reads the id of the access key from the headers of a request."""
        self._record = record
        self._access_key = access_key
        self._roles: dict[str, str] = {}

    def __call__(self, _chain: object, context: Any, response: Any) -> None:
        """Note one call; calls of users and of LocalStack itself need no role."""
        if not context.operation or context.service_request is None:
            return  # not a call of AWS's API
        service, operation = context.service.service_name, context.operation.name
        if (service, operation) == ("sts", "AssumeRole"):
            self._remember(context)
        role = self._roles.get(self._access_key(context.request.headers) or "")
        if role is None:
            return
        place = Place(context.partition, context.region, context.account_id)
        call = Call(service, operation, context.service_request, place, response.status_code)
        self._record.add(role, needed(call))

    def _remember(self, context: Any) -> None:
        answer = context.service_response or {}
        if credentials := answer.get("Credentials"):  # none when STS has refused
            self._roles[credentials["AccessKeyId"]] = context.service_request["RoleArn"]
