"""DynamoDB Local, and a place to write that works in it and in the fake."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.worlds.ledger_world import table_definition

EMULATOR = Path("node_modules/amplify-dynamodb-simulator/emulator")
START_SECONDS = 30.0
TABLE = "releases"

# The largest table of the ledger: a composite key, and an index by time.
TABLE_DEFINITION = table_definition(TABLE)


class DynamoDBLocalMissing(Exception):
    """DynamoDB Local cannot be started; the message says why."""


@contextmanager
def running_dynamodb_local(root: Path, log: Path) -> Iterator[Any]:
    """Start DynamoDB Local on a free port and yield a client of it.

    Raises DynamoDBLocalMissing if Java or the jar is missing, or if it does not start.
    """
    emulator = root / EMULATOR
    if not (emulator / "DynamoDBLocal.jar").exists():
        raise DynamoDBLocalMissing(f"{EMULATOR} has no DynamoDBLocal.jar: run `make setup`")
    java = shutil.which("java")
    if java is None:
        raise DynamoDBLocalMissing("no java on PATH: install Java 17 or later")
    port = _free_port()
    arguments = [
        java,
        "-XX:TieredStopAtLevel=1",
        "-Djava.library.path=DynamoDBLocal_lib",
        "-jar",
        "DynamoDBLocal.jar",
        "-inMemory",
        "-port",
        str(port),
    ]
    # The shell ends Java when its input closes, even if this process is killed.
    command = ["sh", "-c", '"$@" & read -r _; kill $!; wait', "sh", *arguments]
    environment = {**os.environ, "DDB_LOCAL_TELEMETRY": "0"}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=emulator,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        ),
    ):
        _wait_until_listening(port, log)
        yield client_of(port)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise DynamoDBLocalMissing(
        f"DynamoDB Local did not listen within {START_SECONDS:.0f} s. Its log:\n{log.read_text()}"
    )


def client_of(port: int) -> Any:
    """Return a boto3 client of the DynamoDB Local on that port; it does not retry."""
    return boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@dataclass(frozen=True)
class Place:
    """The place of one item in its own partition, in the fake or in DynamoDB Local."""

    client: Any
    release_id: str
    item: str = "release"

    @property
    def key(self) -> dict[str, Any]:
        """The key of the item."""
        return {"release_id": {"S": self.release_id}, "item": {"S": self.item}}

    def beside(self, item: str) -> "Place":
        """Return another place in the same partition."""
        return Place(self.client, self.release_id, item)

    def put(self, attributes: Mapping[str, Any]) -> None:
        """Put an item with these attributes."""
        self.client.put_item(TableName=TABLE, Item={**self.key, **attributes})

    def set_x(self, value: Any, **request: Any) -> None:
        """Set the attribute x of the item."""
        self.client.update_item(
            TableName=TABLE,
            Key=self.key,
            UpdateExpression="SET #x = :x",
            ExpressionAttributeNames={"#x": "x"},
            ExpressionAttributeValues={":x": value},
            ReturnValues="ALL_NEW",
            **request,
        )

    def query(self, **request: Any) -> Any:
        """Query the partition; parameters that begin with # or : are placeholders."""
        names = {name: given for name, given in request.items() if name[0] == "#"}
        values = {name: given for name, given in request.items() if name[0] == ":"}
        return self.client.query(
            TableName=TABLE,
            **{"KeyConditionExpression": "release_id = :id"}
            | {name: given for name, given in request.items() if name[0] not in "#:"},
            **({"ExpressionAttributeNames": names} if names else {}),
            ExpressionAttributeValues={":id": {"S": self.release_id}, **values},
        )


def comparable(value: Any) -> Any:
    """Return a value with sorted sets and names, because neither has an order."""
    if isinstance(value, list):
        return [comparable(element) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: sorted(inner) if name == "SS" else comparable(inner)
        for name, inner in sorted(value.items())
    }
