"""Notes the calls of a function that do not pass LocalStack: those to DynamoDB Local.

It runs in the process of a function, on the standard library and the function's botocore.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localstack_call_record.authorization import Call, Place, needed
from localstack_call_record.record import CallRecord


def record(path: str, role: str) -> None:
    """Note each such call of this process before it is sent; ``role`` is the function's ARN."""
    # Imported here: a function may bring a botocore of its own.
    from botocore.client import BaseClient  # noqa: PLC0415 - as above

    client: Any = BaseClient
    client._make_api_call = noting(client._make_api_call, CallRecord(Path(path)), role)


def noting(send: Callable[..., Any], calls: CallRecord, role: str) -> Callable[..., Any]:
    """The method of a client that sends a call, made to note the call first."""
    _, partition, _, _, account, _ = role.split(":", 5)

    def noted(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        if client.meta.endpoint_url != os.environ.get("AWS_ENDPOINT_URL"):
            place = Place(partition, client.meta.region_name, account)
            service = client.meta.service_model.service_name
            calls.add(role, needed(Call(service, operation, parameters, place)))
        return send(client, operation, parameters)

    return noted
