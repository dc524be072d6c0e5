"""An endpoint that is not AWS, such as the sign-in page of a network, is reported as that."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tools.operator.tests.conftest import Run

ANSWERS = [(200, b"<html>Sign in</html>"), (200, b"{}"), (404, b""), (403, b"no"), (302, b"")]


class _Other(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        code, body = self.server.answer  # type: ignore[attr-defined] # set below
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(params=ANSWERS, ids=str)
def url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that is not AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.delenv("RELEASE_MACHINE_OUTPUTS", raising=False)
    with HTTPServer(("127.0.0.1", 0), _Other) as server:
        server.answer = request.param  # type: ignore[attr-defined] # for the handler
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("words", [("list",), ("submit", "manifest.json"), ("watch", "1")])
def test_an_endpoint_that_is_not_aws(run: Run, url: str, words: tuple[str, ...]) -> None:
    """Any other answer is reported in two lines, with exit code 3."""
    result = run("--endpoint-url", url, *words)
    assert result.exit_code == 3, result.output
    assert "is not AWS." in result.stderr
    assert "Check --endpoint-url" in result.stderr
