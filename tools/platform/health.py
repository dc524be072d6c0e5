"""Whether a platform answers, and its counts of Lambda environments."""

import http.client
import json
from typing import Any

ANSWER_SECONDS = 5.0
# LocalStack reads the account and the Region from the signature and does not verify it.
LIST_TABLES = {
    "Authorization": (
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request,"
        " SignedHeaders=host, Signature=0"
    ),
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810.ListTables",
}


def is_healthy(port: int) -> bool:
    """Whether the Lambda executor and DynamoDB answer on this port.

    The executor proves that LocalStack is up and needs no Docker. DynamoDB Local is a process of
    its own, and LocalStack reports it as started even if it does not listen.
    """
    return environment_counts(port) is not None and dynamodb_answers(port)


def environment_counts(port: int) -> dict[str, int] | None:
    """The executor's counts of execution environments; None if the platform does not answer."""
    counts: dict[str, int] | None = _ask(port, "GET", "/_lambda/environments")
    return counts


def dynamodb_answers(port: int) -> bool:
    """Whether DynamoDB lists its tables."""
    answer = _ask(port, "POST", "/", body="{}", headers=LIST_TABLES)
    return isinstance(answer, dict) and isinstance(answer.get("TableNames"), list)


def service_states(port: int) -> dict[str, str]:
    """The state of each service, such as running or disabled; empty if nothing answers."""
    answer = _ask(port, "GET", "/_localstack/health")
    return dict(answer.get("services", {})) if isinstance(answer, dict) else {}


def _ask(
    port: int,
    method: str,
    path: str,
    *,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        return json.loads(text) if response.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
