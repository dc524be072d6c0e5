"""One execution environment: what the function sees and what its caller gets."""

import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localstack_process_executor.sandbox import Sandbox
from localstack_process_executor.specification import Answer, Request

SandboxMaker = Callable[..., Sandbox]


def returning(expression: str, *, first: str = "") -> str:
    """The source of a function that returns the value of an expression."""
    return f"{first}\ndef handler(event, context):\n    return {expression}\n"


def request(event: Any = None, request_id: str = "id-1") -> Request:
    """An invocation with `event` for its payload."""
    return Request(
        request_id=request_id,
        function_arn="arn:aws:lambda:us-east-1:000000000000:function:function",
        payload=json.dumps(event).encode(),
    )


def payload_of(answer: Answer) -> Any:
    """The payload, parsed."""
    return json.loads(answer.payload)


def test_returns_the_result_of_the_function(make_sandbox: SandboxMaker) -> None:
    """The handler gets the event and the context, and its result is the payload."""
    expression = "[event, context.aws_request_id, context.invoked_function_arn]"
    asked = request({"é": 1}, "id-7")
    answer = make_sandbox(returning(expression)).invoke(asked)
    assert not answer.is_error
    assert payload_of(answer) == [{"é": 1}, "id-7", asked.function_arn]


def test_keeps_module_state_between_invocations(make_sandbox: SandboxMaker) -> None:
    """A second invocation runs in the same process."""
    sandbox = make_sandbox(returning("calls.append(event) or calls", first="calls = []"))
    sandbox.invoke(request(1))
    assert payload_of(sandbox.invoke(request(2))) == [1, 2]


def test_sees_only_its_own_environment(
    make_sandbox: SandboxMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function sees only its own variables, and runs in the folder of its code."""
    monkeypatch.setenv("OURS", "secret")
    source = returning("[[*os.environ], os.getcwd(), sys.path[0]]", first="import os, sys")
    sandbox = make_sandbox(source, environment={"A": "1"})
    names, folder, first = payload_of(sandbox.invoke(request()))
    assert set(names) - {"_X_AMZN_TRACE_ID", "LC_CTYPE"} == {"A", "AWS_LAMBDA_RUNTIME_API"}
    assert folder == first == sandbox.spec.code


def test_prefers_a_package_of_its_own(make_sandbox: SandboxMaker, tmp_path: Path) -> None:
    """A package in the zip replaces the preloaded package of the same name."""
    bundled = tmp_path / "function" / "boto3"
    sandbox = make_sandbox(returning("boto3.__file__", first="import boto3"))
    assert "site-packages" in payload_of(sandbox.invoke(request()))
    bundled.mkdir()
    (bundled / "__init__.py").write_text("")
    sandbox.close()
    sandbox = type(sandbox)(sandbox.spec, sandbox._server)
    try:
        assert payload_of(sandbox.invoke(request())) == str(bundled / "__init__.py")
    finally:
        sandbox.close()


def test_an_exception_becomes_the_error_object(make_sandbox: SandboxMaker) -> None:
    """An exception is returned with type, message and trace, and the process stays usable."""
    sandbox = make_sandbox(returning("{}['nothing there']"))
    answer = sandbox.invoke(request())
    error = payload_of(answer)
    assert answer.is_error
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'nothing there'")
    assert "app.py" in error["stackTrace"][0]
    assert '"status": "error"' not in answer.logs
    assert "[ERROR] KeyError: 'nothing there'" in answer.logs
    assert sandbox.alive


def test_works_again_after_a_timeout(make_sandbox: SandboxMaker) -> None:
    """The invocation after a timeout gets a new process."""
    source = returning("time.sleep(event) or os.getpid()", first="import os, time")
    sandbox = make_sandbox(source, timeout=1.0)
    first = payload_of(sandbox.invoke(request(0)))
    sandbox.invoke(request(60))
    assert not sandbox.alive
    sandbox.spec = replace(sandbox.spec, timeout=60.0)
    assert payload_of(sandbox.invoke(request(0))) != first


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(1)", "Runtime exited with error: exit status 1"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash_is_reported(make_sandbox: SandboxMaker, statement: str, reason: str) -> None:
    """A process that ends during an invocation is reported in AWS's words, with its output."""
    sandbox = make_sandbox(
        f"""
        import os, sys
        def handler(event, context):
            print("the last words")
            {statement}
        """
    )
    answer = sandbox.invoke(request())
    assert answer.is_error
    assert payload_of(answer) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: id-1 Error: {reason}",
    }
    assert "the last words" in answer.logs
    assert not sandbox.alive


def test_a_process_that_died_while_idle_is_replaced(make_sandbox: SandboxMaker) -> None:
    """An invocation succeeds even if the idle process has died before."""
    sandbox = make_sandbox(returning("os.getpid()", first="import os"))
    pid = payload_of(sandbox.invoke(request()))
    (waiter,) = [each for each in threading.enumerate() if each.name == f"lambda-exit-{pid}"]

    os.kill(pid, signal.SIGKILL)

    waiter.join(10)
    answer = sandbox.invoke(request())
    assert not answer.is_error
    assert payload_of(answer) != pid


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import not_in_the_zip", "Runtime.ImportModuleError"),
        ("def handler(:", "Runtime.UserCodeSyntaxError"),
        ("handlers = []", "Runtime.HandlerNotFound"),
        ("raise ZeroDivisionError('at import')", "ZeroDivisionError"),
    ],
)
def test_an_init_that_fails_is_reported(make_sandbox: SandboxMaker, source: str, kind: str) -> None:
    """A module that cannot be imported fails the invocation with AWS's type, after two tries."""
    sandbox = make_sandbox(source)
    assert not sandbox.alive
    answer = sandbox.invoke(request())
    assert answer.is_error
    assert payload_of(answer)["errorType"] == kind
    assert answer.logs.count("Phase: init\tStatus: error") == 2


def test_an_init_that_takes_too_long_gets_the_time_of_the_invocation(
    make_sandbox: SandboxMaker,
) -> None:
    """An init that exceeds its limit is started again within the function's timeout."""
    source = returning("'ready'", first="import time; time.sleep(0.4)")
    sandbox = make_sandbox(source, boot_seconds=0.1)
    assert not sandbox.alive
    answer = sandbox.invoke(request())
    assert payload_of(answer) == "ready"
    assert answer.logs.count("Phase: init\tStatus: timeout") == 1


def test_logs_are_complete_and_once(make_sandbox: SandboxMaker) -> None:
    """Each answer has only its own lines, from START to REPORT; the first also has the init's."""
    sandbox = make_sandbox(
        """
        import sys
        print("while importing")
        def handler(event, context):
            print("line", event, "x" * 100_000)
            print("to stderr", file=sys.stderr)
        """
    )
    first, second = sandbox.invoke(request(1)).logs, sandbox.invoke(request(2)).logs
    words = [line.split()[0] for line in first.splitlines()]
    assert words == ["INIT_START", "while", "START", "line", "to", "END", "REPORT"]
    assert "Init Duration" in first
    assert "line 1" not in second
    assert "line 2 " + "x" * 100_000 in second
    assert "Init Duration" not in second


def test_json_logs_are_one_object_per_line(make_sandbox: SandboxMaker) -> None:
    """In JSON format, function records keep their extra fields; platform lines are events."""
    sandbox = make_sandbox(
        """
        import logging
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            logging.info("opened", extra={"release_id": "5.10"})
        """,
        log_format="JSON",
        environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
    )
    lines = [json.loads(line) for line in sandbox.invoke(request()).logs.splitlines()]
    kinds = [line.get("type", line.get("message")) for line in lines]
    assert kinds == ["platform.initStart", "platform.start", "opened", "platform.report"]
    assert lines[2]["release_id"] == "5.10"
    assert lines[2]["requestId"] == "id-1"
    assert lines[3]["record"]["status"] == "success"
    assert lines[3]["record"]["metrics"]["initDurationMs"] > 0


def test_a_response_that_is_too_large_is_rejected(make_sandbox: SandboxMaker) -> None:
    """A result above 6 MB is an error, and the process can be used again."""
    sandbox = make_sandbox(returning("'x' * event"))
    answer = sandbox.invoke(request(6_291_556))
    assert payload_of(answer)["errorType"] == "Function.ResponseSizeTooLarge"
    assert not sandbox.invoke(request(6_291_554)).is_error
