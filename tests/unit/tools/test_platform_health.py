"""When a platform counts as healthy."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tools.platform import health

COUNTS = '{"environments": 0, "idle": 0, "limit": 16}'
TABLES = '{"TableNames": []}'
Answer = tuple[int, str]


@pytest.fixture
def platform() -> Iterator[Callable[[Answer, Answer], int]]:
    """Serves the given answers of the executor and of DynamoDB, and returns the port."""
    servers: list[HTTPServer] = []

    def serve(executor: Answer, dynamodb: Answer) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(executor if self.path == "/_lambda/environments" else (404, ""))

            def do_POST(self) -> None:
                target = self.headers["X-Amz-Target"]
                self.rfile.read(int(self.headers["Content-Length"]))
                known = target == "DynamoDB_20120810.ListTables"
                self.answer(dynamodb if known else (404, ""))

            def answer(self, answer: Answer) -> None:
                self.send_response(answer[0])
                self.end_headers()
                self.wfile.write(answer[1].encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server.server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_platform_is_up_when_both_answer(platform: Callable[[Answer, Answer], int]) -> None:
    """A platform is healthy when the executor and DynamoDB answer."""
    port = platform((200, COUNTS), (200, TABLES))
    assert health.is_healthy(port)
    assert health.environment_counts(port) == {"environments": 0, "idle": 0, "limit": 16}


@pytest.mark.parametrize(
    "dynamodb", [(500, '{"__type": "InternalError"}'), (502, ""), (200, "soon"), (200, "{}")]
)
def test_a_platform_without_dynamodb_is_not_up(
    platform: Callable[[Answer, Answer], int], dynamodb: Answer
) -> None:
    """A platform is not healthy while DynamoDB fails, although the executor answers."""
    assert not health.is_healthy(platform((200, COUNTS), dynamodb))


def test_a_platform_without_our_executor_is_not_up(
    platform: Callable[[Answer, Answer], int],
) -> None:
    """A LocalStack without the executor, which would need Docker, is not healthy."""
    port = platform((404, ""), (200, TABLES))
    assert not health.is_healthy(port)
    assert health.environment_counts(port) is None
