"""The command dashboard: its link, its end, and what it does without its extra."""

import os
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from types import SimpleNamespace
from urllib.parse import urlsplit

import click
import pytest

from release_machine.dashboard import running, serving
from release_machine.dashboard.door import Door
from release_machine.dashboard.server import Parts
from release_machine.errors import UsageError
from tools.operator.tests.conftest import Run
from tools.operator.tests.samples.fake_deployment import FakeAws

# The command over a deployment in memory, as the entry of the console script calls it.
COMMAND = """
import sys
from datetime import UTC, datetime
from release_core.domain.release import Release, ReleaseStatus
from release_machine import entry
from release_machine.terminal import aws_command
from tools.operator.tests.samples.fake_dashboard import FakeEstate
from tools.operator.tests.samples.fake_deployment import EXECUTION, FakeAws

opened = datetime(2026, 11, 22, tzinfo=UTC)
release = Release(
    release_id="5.1", status=ReleaseStatus.SUCCEEDED, execution_arn=EXECUTION, opened_at=opened
)
aws = FakeAws({"5.1": release}, "5.1", {"status": "SUCCEEDED"})
aws.estate = FakeEstate()
aws_command.Session = lambda *_, **__: aws
sys.argv = ["release-machine", "dashboard"]
entry.main()
"""
ALL_COMMANDS = """
import sys
import click
from release_machine.cli import COMMANDS, cli

context = click.Context(cli)
for name in COMMANDS:
    assert cli.get_command(context, name) is not None
print(sorted(set(sys.modules) & {"starlette", "uvicorn", "anyio"}))
"""
WITHOUT = """
import sys
from release_machine import entry

sys.modules["{package}"] = None
sys.argv = ["release-machine", "dashboard"]
entry.main()
"""
SECONDS = 30


def _environment() -> dict[str, str]:
    """The environment in which this process finds its modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@contextmanager
def started(script: str = COMMAND) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and its link."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    )
    try:
        assert process.stdout
        first = process.stdout.readline()
        assert "only reads; to end it: Ctrl-C" in first, process.communicate(timeout=SECONDS)
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def instead_of_serving(monkeypatch: pytest.MonkeyPatch, do: Callable[[Parts], object]) -> None:
    """Let the command do this with its parts where it would serve them."""
    monkeypatch.setattr(
        running, "server_of", lambda parts: SimpleNamespace(run=lambda **_: do(parts))
    )


def instead_of_a_browser(monkeypatch: pytest.MonkeyPatch, launched: SimpleQueue[str]) -> None:
    """Keep the addresses at which the command opens a browser."""

    def launch(address: str) -> bool:
        launched.put(address)
        return True

    monkeypatch.setattr(webbrowser, "open", launch)


@contextmanager
def answered(link: str, path: str, *, cookie: str = "") -> Iterator[HTTPResponse]:
    """The answer to one request."""
    with closing(HTTPConnection(urlsplit(link).netloc, timeout=SECONDS)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        with closing(connection.getresponse()) as answer:
            yield answer


def entered(link: str) -> str:
    """The cookie that the link gives."""
    with answered(link, urlsplit(link).path) as answer:
        assert answer.status == 303
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it(number: int, code: int) -> None:
    """The open tabs are told, nothing is left, and the secret is in no log."""
    with started() as (process, link):
        cookie = entered(link)
        with answered(link, "/history", cookie=cookie) as page:
            assert page.status == 200
            assert "5.1" in page.read().decode()
        with answered(link, "/events/", cookie=cookie) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert stream.readline().startswith(b"retry: ")
            process.send_signal(number)
            assert b"event: end" in stream.read()
        rest, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == code
        assert errors == "The dashboard has ended; releases continue.\n"
        assert link not in rest
        # Only what was printed at the start had a link; another goes to a terminal only.
        assert "/start/" not in rest
        assert "a browser was let in; for another: start the dashboard again" in rest


def test_a_background_job_is_not_interrupted() -> None:
    """A shell that started the command with interrupts ignored keeps them ignored."""
    ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    with started(ignoring + COMMAND) as (process, link):
        process.send_signal(signal.SIGINT)
        with answered(link, "/history", cookie=entered(link)) as page:
            assert page.status == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
        assert process.returncode == 143


def test_it_listens_on_this_machine_only() -> None:
    """No other machine reaches it."""
    with closing(serving.listen(0)) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        assert serving.port_of(listening) > 0


def test_a_port_that_is_used(aws: FakeAws, run: Run) -> None:
    """The message names the port and what to do, with exit code 2."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError):
            serving.listen(port)
        result = run("dashboard", "--port", f"{port}")
    assert result.exit_code == 2
    assert f"Port {port} of this machine is used by another program." in result.stderr
    assert "Give another one with --port" in result.stderr


def test_the_browser_is_opened(aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --open only; the link is printed in any case."""
    launched = SimpleQueue[str]()
    pages: list[tuple[str, int]] = []

    def take_the_page(_: Parts) -> None:
        address = launched.get(timeout=SECONDS)
        page = Path(urlsplit(address).path)
        pages.append((page.read_text(), page.stat().st_mode & 0o777))
        launched.put(address)

    instead_of_a_browser(monkeypatch, launched)
    instead_of_serving(monkeypatch, lambda _: None)
    shown = run("dashboard", "--allow-actions")
    assert shown.exit_code == 0, shown.output
    assert "may change releases" in shown.stdout
    assert "http://127.0.0.1:" in shown.stdout
    assert launched.empty()
    instead_of_serving(monkeypatch, take_the_page)
    shown = run("dashboard", "--open")
    *_, link, hint = shown.stdout.splitlines()
    ((page, mode),) = pages
    assert f"url={link}" in page
    # The browser may not be allowed to read the file, which nobody tells this command.
    assert "if no page appears, open the link yourself" in hint
    # Other users see the arguments of a program, but not this file, which is gone at the end. With
    # its scheme it is opened by the browser, and not by an editor of HTML files.
    address = launched.get(timeout=SECONDS)
    assert address.startswith("file:///")
    assert link not in address
    assert mode == 0o600
    assert not Path(urlsplit(address).path).exists()


def test_no_browser_is_found(aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says so and serves all the same."""
    told = Event()

    def tell(fact: str) -> None:
        click.echo(fact)
        if "no browser was found" in fact:
            told.set()

    monkeypatch.setattr("release_machine.commands.dashboard.tell", tell)
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    instead_of_serving(monkeypatch, lambda _: told.wait(SECONDS))
    shown = run("dashboard", "--open")
    assert shown.exit_code == 0
    assert "no browser was found: open the link yourself" in shown.stdout


def test_a_browser_in_the_terminal_holds_nothing_up(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a browser returns when it is left, and until then it needs the pages."""
    served, left = Event(), Event()

    def browse(_: str) -> bool:
        assert served.wait(SECONDS)
        left.set()
        return True

    def serve(_: Parts) -> None:
        served.set()
        assert left.wait(SECONDS)

    monkeypatch.setattr(webbrowser, "open", browse)
    instead_of_serving(monkeypatch, serve)
    assert run("dashboard", "--open").exit_code == 0
    assert left.is_set()


def test_the_file_of_the_link_is_gone_once_it_was_used(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is deleted while the dashboard goes on; the next link is for a terminal only."""
    launched = SimpleQueue[str]()
    doors: list[Door] = []
    there: list[bool] = []

    def use_the_link(parts: Parts) -> None:
        doors.append(parts.door)
        page = Path(urlsplit(launched.get(timeout=SECONDS)).path)
        there.append(page.exists())
        assert parts.door.enter(parts.door.link.rpartition("/")[2])
        there.append(page.exists())

    instead_of_a_browser(monkeypatch, launched)
    instead_of_serving(monkeypatch, use_the_link)
    shown = run("dashboard", "--open")
    assert there == [True, False]
    assert doors[0].link not in shown.output


def test_a_terminal_that_is_closed_keeps_no_browser_out(
    aws: FakeAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next link cannot be printed; who has used this one is in."""

    def tell(fact: str) -> None:
        if "let in" in fact:
            raise BrokenPipeError

    monkeypatch.setattr("release_machine.commands.dashboard.tell", tell)
    instead_of_serving(
        monkeypatch, lambda parts: parts.door.enter(parts.door.link.rpartition("/")[2])
    )
    shown = run("dashboard")
    assert shown.exit_code == 0
    assert "A fault of this command: BrokenPipeError" in shown.stderr


def test_the_server_ends_with_the_reads() -> None:
    """Pages that nobody reads for would look up to date; the fault and the exit code say it."""
    broken = COMMAND.replace(
        "entry.main()",
        "from release_machine.dashboard import loop\n"
        "loop.tempo_of = lambda *_: 1 / 0\n"
        "entry.main()",
    )
    with started(broken) as (process, link):
        cookie = entered(link)
        with answered(link, "/history", cookie=cookie) as page:
            assert page.status == 200
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode not in {0, None}
        assert "ZeroDivisionError" in errors


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_its_extra(package: str) -> None:
    """The command says how to install what is missing."""
    called = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(package=package)],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
    )
    assert called.returncode == 2
    assert f"The dashboard needs {package}, which is not installed." in called.stderr
    assert "'release-machine-operator[dashboard]'" in called.stderr


def test_no_other_command_loads_it() -> None:
    """The rest of the command works without the extra, and starts as fast as before."""
    loaded = subprocess.run(
        [sys.executable, "-c", ALL_COMMANDS],
        capture_output=True,
        text=True,
        check=True,
        env=_environment(),
    )
    assert loaded.stdout == "[]\n"
