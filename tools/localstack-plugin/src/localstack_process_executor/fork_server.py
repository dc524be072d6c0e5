"""A warm Python that forks one child per execution environment; runs in the Lambda runtime's venv.

`fork_client` starts it as a script, with a socket as standard input. Each byte on that socket
carries two descriptors: a connection and a file for output. The connection carries the request, one
JSON line:

    {"code": "/path", "handler": "package.module.function", "env": {"NAME": "value"}, "role": "arn"}

The server answers with the child's pid and, when the child has ended, its exit status as waitpid
gives it, one line each. Closing the connection kills the child. Closing the socket kills all
children and ends the server, so the server ends with LocalStack even if that is killed. The server
itself imports only the standard library: a child sees AWS's runtime and nothing of LocalStack. Only
if CALL_RECORD names a file, the server loads the recorder of calls, and each child notes its own.
"""

import ctypes
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

CONTROL = 0
PR_SET_PDEATHSIG = 1

# The modules of the runtime that do not read the environment at import. `bootstrap` reads the log
# format and `runtime_client` the address of the Runtime API, so each child imports those itself.
PRELOADED = (
    "awslambdaric.lambda_config",
    "awslambdaric.lambda_context",
    "awslambdaric.lambda_literals",
    "awslambdaric.lambda_runtime_exception",
    "awslambdaric.lambda_runtime_log_utils",
    "awslambdaric.lambda_runtime_marshaller",
    "boto3",
    "concurrent.futures.thread",
    "dataclasses",
    "decimal",
    "http.client",
    "snapshot_restore_py",
    "uuid",
)


def preload() -> None:
    """Imports what every function needs, then freezes it so that children share the memory."""
    for name in PRELOADED:
        import_module(name)
    # Creating a client makes botocore import its lazy modules. Each child loads the service's model
    # again.
    import_module("boto3").client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106 - a dummy: without one botocore searches for credentials
    )
    gc.collect()
    gc.freeze()


def load_recorder() -> Callable[[str], None] | None:
    """The function that makes a child note its calls for a role; None without CALL_RECORD."""
    path = os.environ.get("CALL_RECORD")
    if not path:
        return None
    packages = str(Path(__file__).parents[1])
    sys.path.append(packages)
    record = import_module("localstack_call_record.in_functions").record
    sys.path.remove(packages)
    return partial(record, path)


def die_with_parent(parent: int) -> None:
    """Asks Linux to kill this process when the server is killed.

    On other systems the process ends when its next request fails.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the server died before the call
            os._exit(1)


def forget_bundled(code: Path) -> None:
    """Drops preloaded packages that the function bundles: as on AWS, its own copy wins."""
    bundled = {entry.name.removesuffix(".py") for entry in code.iterdir()}
    for name in list(sys.modules):
        module = sys.modules[name]
        installed = "site-packages" in (getattr(module, "__file__", None) or "")
        if installed and name.partition(".")[0] in bundled:
            del sys.modules[name]


def become_environment(request: dict[str, Any], output: int, parent: int) -> None:
    """Turns this new child into AWS's environment: own variables, code first on the path."""
    os.setsid()
    die_with_parent(parent)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sys.stdin, sys.stdout, sys.stderr = (
        open(fd, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - standard streams
        for fd, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    code = Path(request["code"])
    os.chdir(code)
    forget_bundled(code)
    sys.path.insert(0, str(code))
    sys.dont_write_bytecode = True  # a deployment package is read-only on AWS
    sys.argv = ["awslambdaric", request["handler"]]


def run_environment(
    request: dict[str, Any], output: int, parent: int, recorder: Callable[[str], None] | None
) -> None:
    """Runs AWS's runtime interface client until it ends; never returns."""
    status = 1
    try:
        become_environment(request, output, parent)
        if recorder:
            recorder(request["role"])
        runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # top of the process: do what Python itself would do
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class ForkServer:
    """The loop: takes requests, forks, and tells each owner its child's pid and exit status."""

    def __init__(self) -> None:
        self._control = socket.socket(fileno=CONTROL)
        self._recorder = load_recorder()
        # The process id of each child, which leads a group, and the connection that owns it.
        self._children: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._control, selectors.EVENT_READ)
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)  # makes Python write to the waker
        self._selector.register(self._woken, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serves until the control socket is closed, then kills every child."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    if not self._accept():
                        for pid in self._children:
                            kill_group(pid)
                        return
                elif key.fileobj is self._woken:
                    self._woken.recv(4096)
                    self._reap()
                elif key.data in self._children:
                    # The owner never writes after its request: readable means closed.
                    self._selector.unregister(key.fileobj)
                    kill_group(key.data)

    def _accept(self) -> bool:
        """Starts one child; False when LocalStack has closed the socket."""
        byte, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
        if not byte:
            return False
        connection, output = socket.socket(fileno=descriptors[0]), descriptors[1]
        with connection.makefile("rb") as lines:
            request = json.loads(lines.readline())
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            run_environment(request, output, parent, self._recorder)
        os.close(output)
        self._children[pid] = connection
        self._selector.register(connection, selectors.EVENT_READ, pid)
        tell(connection, pid)
        return True

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._children.pop(pid)
            kill(os.killpg, pid)  # processes that the function started and left behind
            with suppress(KeyError):  # its owner has closed it
                self._selector.unregister(connection)
            tell(connection, os.waitstatus_to_exitcode(status))
            connection.close()


def kill_group(pid: int) -> None:
    """Kills a child that was not reaped yet, and everything it started.

    Its process group may not exist yet, so the process is killed as well.
    """
    kill(os.killpg, pid)
    kill(os.kill, pid)


def kill(by: Callable[[int, int], None], number: int) -> None:
    """Kills a process or a group; it may already have ended."""
    # PermissionError: a zombie's group on macOS.
    with suppress(ProcessLookupError, PermissionError):
        by(number, signal.SIGKILL)


def tell(connection: socket.socket, number: int) -> None:
    """Writes one line to an owner; it may already have ended."""
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(f"{number}\n".encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # LocalStack handles Ctrl-C
    server = ForkServer()
    preload()
    server.serve()
