"""Starts DynamoDB Local without LocalStack's Java agent.

LocalStack adds `-javaagent:.../ddb-local-loader.jar`, a patch of its own that lifts the limit of 20
global secondary indexes. The agent is not part of AWS's package, and Java refuses to start when an
agent is missing.
"""

from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Takes the agent out of the command."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.services.dynamodb.server import DynamodbServer  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    @patch(DynamodbServer._create_shell_command)  # type: ignore[untyped-decorator] # LocalStack ships without types
    def without_agent(create: Callable[[Any], list[str]], server: Any) -> list[str]:
        return without_java_agents(create(server))


def without_java_agents(command: list[str]) -> list[str]:
    """The command without its -javaagent arguments."""
    return [word for word in command if not word.startswith("-javaagent:")]
