"""The fork server: its children end when it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.sandbox import Sandbox
from localstack_process_executor.specification import FunctionSpec, Request

RUNTIME = Path(__file__).resolve().parents[4] / ".platform/lambda-runtime"
REQUEST = Request("id-1", "arn", b"null")

SpecMaker = Callable[..., FunctionSpec]

SLEEPER = """
import os
def handler(event, context):
    return os.getpid()
"""


def wait_until(what: str, condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Polls a condition; fails with its name if it is not true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true within {seconds} s: {what}"
        os.sched_yield()


def started(server: ForkServer, make_spec: SpecMaker) -> tuple[Sandbox, int]:
    """An environment that has run one invocation, and its process id."""
    sandbox = Sandbox(make_spec(SLEEPER), server)
    sandbox.boot()
    return sandbox, int(sandbox.invoke(REQUEST).payload)


def parent_of(pid: int) -> int:
    """The process that forked this one."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_a_function_that_takes_too_long_is_killed(make_sandbox: Callable[..., Sandbox]) -> None:
    """At its timeout a function and the processes it started are killed, with AWS's error."""
    sandbox = make_sandbox(
        """
        import os, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print("pids", os.getpid(), child.pid)
        def handler(event, context):
            time.sleep(60)
        """,
        timeout=0.5,
    )
    answer = sandbox.invoke(REQUEST)
    assert json.loads(answer.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id-1 Error: Task timed out after 0.50 seconds",
    }
    assert "id-1 Task timed out after 0.50 seconds" in answer.logs
    assert "Status: timeout" in answer.logs
    pids = [
        int(word)
        for line in answer.logs.splitlines()
        if line.startswith("pids ")
        for word in line.split()[1:]
    ]
    assert len(pids) == 2
    wait_until("both have ended", lambda: not any(is_running(pid) for pid in pids))


def test_children_end_when_the_server_is_stopped(make_spec: SpecMaker) -> None:
    """Stopping the server ends every function's process."""
    server = ForkServer(RUNTIME)
    sandbox, pid = started(server, make_spec)
    server.stop()
    wait_until("the child has ended", lambda: not is_running(pid))
    sandbox.close()


def test_children_end_when_the_server_is_killed(make_spec: SpecMaker) -> None:
    """Killing the server ends every function's process; the next invocation starts a server."""
    server = ForkServer(RUNTIME)
    sandbox, pid = started(server, make_spec)
    os.kill(parent_of(pid), signal.SIGKILL)
    wait_until("the child has ended", lambda: not is_running(pid))
    sandbox.close()
    sandbox = Sandbox(sandbox.spec, server)
    assert int(sandbox.invoke(REQUEST).payload) != pid
    sandbox.close()
    server.stop()


OWNER = """
import sys
from pathlib import Path
from localstack_process_executor.fork_client import ForkServer
from localstack_process_executor.sandbox import Sandbox
from localstack_process_executor.specification import FunctionSpec, Request

runtime, code = sys.argv[1:]
spec = FunctionSpec("v", "f", "$LATEST", "app.handler", code, 10.0, 256, "python3.13", {})
answer = Sandbox(spec, ForkServer(Path(runtime))).invoke(Request("id", "arn", b"null"))
print(answer.payload.decode(), flush=True)
sys.stdin.read()
"""


def test_children_end_with_the_program_that_owns_the_server(make_spec: SpecMaker) -> None:
    """When the owning program is killed, the server and its children end."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, RUNTIME, make_spec(SLEEPER).code],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout
        pid = int(owner.stdout.readline())
        server_pid = parent_of(pid)
        owner.kill()
    wait_until("the child has ended", lambda: not is_running(pid))
    wait_until("the server has ended", lambda: not is_running(server_pid))
