"""Pages in headless Chromium, driven over a pipe: what they load, complain of, and look like.

The protocol: https://chromedevtools.github.io/devtools-protocol/ (JSON, each message ended by NUL).
"""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SECONDS = 60.0
WAIT_SECONDS = 30.0
_QUIET = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # CI runs as root, where Chromium has no sandbox; the pages are our own.
    "--no-sandbox",
)
_COMPLAINTS = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}


# What Chromium answers when the page was left for another before the end of a call.
_LEFT = {
    "Inspected target navigated or closed",
    "Cannot find default execution context",
    "Execution context was destroyed.",
}


def _is_loaded(message: dict[str, Any]) -> bool:
    return message.get("method") == "Page.loadEventFired"


class LeftError(Exception):
    """The page was left for another meanwhile."""


class Chromium:
    """A browser, which ends with the block; every call is for the tab that was opened last."""

    def __init__(self, profile: Path) -> None:
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        # The browser reads file 3 and writes file 4; the shell connects the pipes.
        script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        browser = ["chromium", *_QUIET, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(to_browser), str(from_browser), *browser],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._last = 0
        self._unread = b""
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Open the first tab."""
        self.open_tab()
        return self

    def open_tab(self) -> None:
        """Open a tab; calls are for this tab from now on."""
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.use(attached["sessionId"])
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    @property
    def tab(self) -> str:
        """The key of the tab that calls are for."""
        assert self._session
        return self._session

    def use(self, tab: str) -> None:
        """Make calls for this tab from now on."""
        self._session = tab

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pipes, which ends the browser."""
        os.close(self._out)
        try:
            self._process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def show(self, page: Path, *, width: int, height: int, scheme: str) -> None:
        """Load a file on a screen of that size, in the light or dark scheme."""
        self.visit(page.as_uri(), width=width, height=height, scheme=scheme)

    def visit(self, url: str, *, width: int, height: int, scheme: str = "light") -> None:
        """Load a page on a screen of that size, in the light or dark scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media="screen", features=[feature])
        with self.loading():
            self.call("Page.navigate", url=url)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Leave the page for another one in the block; wait until that is loaded.

        Also without script, which ``wait_until`` needs.
        """
        self.events.clear()
        yield
        if not any(map(_is_loaded, self.events)):
            self._read_until(_is_loaded)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, run outside of the page's policy."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_until(self, condition: str) -> None:
        """Wait until a JavaScript condition is true, at most WAIT_SECONDS.

        The page may be left for another meanwhile.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                if self._is_true_within(condition, left):
                    return
            except LeftError:
                continue
        shown = self.evaluate("document.body.innerText")
        raise AssertionError(f"{condition} is not true; the page shows: {shown}")

    def _is_true_within(self, condition: str, seconds: float) -> bool:
        poll = f"""new Promise((done) => {{
          const end = Date.now() + {1000 * seconds};
          const holds = () => {{
            // While a page is loaded, it may have no body.
            try {{ return {condition}; }} catch {{ return false; }}
          }};
          const look = () => {{
            if (holds()) done(true);
            else if (Date.now() > end) done(false);
            else setTimeout(look, 20);
          }};
          look();
        }})"""
        answer = self.call(
            "Runtime.evaluate", expression=poll, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return bool(answer["result"]["value"])

    def press(self, key: str, *, code: int, text: str = "", shift: bool = False) -> None:
        """Press and release a key; ``code`` is its Windows key code."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                modifiers=8 if shift else 0,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def type_text(self, text: str) -> None:
        """Type into the element with the focus."""
        self.call("Input.insertText", text=text)

    @property
    def requests(self) -> list[str]:
        """The addresses that the page requested, including its own."""
        asked = [each for each in self.events if each["method"] == "Network.requestWillBeSent"]
        return [each["params"]["request"]["url"] for each in asked]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """The messages on the console of the page."""
        return [each for each in self.events if each["method"] in _COMPLAINTS]

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its answer."""
        self._last += 1
        number = self._last
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        answer = self._read_until(lambda message: message.get("id") == number)
        error = answer.get("error")
        if error and error["message"] in _LEFT:
            raise LeftError(error["message"])
        assert error is None, f"{method}: {error}"
        result: dict[str, Any] = answer["result"]
        return result

    def _read_until(self, wanted: Any) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while True:
            while b"\0" in self._unread:
                line, _, self._unread = self._unread.partition(b"\0")
                message: dict[str, Any] = json.loads(line)
                if "method" in message:
                    self.events.append(message)
                if wanted(message):
                    return message
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            read = os.read(self._in, 1 << 20) if ready else b""
            if not read:
                raise AssertionError(f"Chromium said nothing more (exit {self._process.poll()})")
            self._unread += read
