"""Functions that the platform cannot run are refused at once, and any function can be deleted."""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest

from localstack_fixes.failed_functions import stop_if_it_runs
from localstack_process_executor.refusals import problem_of
from patience import soon

LAYER = "arn:aws:lambda:us-east-1:000000000000:layer:tools:1"
ROLE = "arn:aws:iam::000000000000:role/tests"


def packed(*names: str) -> bytes:
    """Pack source files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        for name in names:
            package.writestr(name, "def handler(event, context): return event")
    return archive.getvalue()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"Runtime": "nodejs22.x"}, "its runtime is nodejs22.x"),
        ({"Runtime": "python3.12"}, "its runtime is python3.12"),
        ({"PackageType": "Image"}, "a container image"),
        ({"Runtime": "python3.13", "Layers": [LAYER]}, "it has layers"),
    ],
)
def test_reason_names_what_cannot_run(settings: dict[str, Any], reason: str) -> None:
    """The reason names the function, the setting, and what the platform runs."""
    problem = str(problem_of({"FunctionName": "f", **settings}))
    assert problem.startswith("The function f cannot run on this platform: ")
    assert reason in problem
    assert problem.endswith("It runs functions of python3.13 from zip files without layers.")


@pytest.mark.parametrize("settings", [{"Runtime": "python3.13", "Layers": []}, {"Timeout": 3}])
def test_other_settings_are_accepted(settings: dict[str, Any]) -> None:
    """A function of the supported runtime, and a change of other settings, are accepted."""
    assert problem_of({"FunctionName": "f", **settings}) is None


def stop_with(message: str) -> Callable[[Any, str], None]:
    """Make a stop that fails with a message."""

    def stop(_service: Any, _arn: str) -> None:
        raise ValueError(message)

    return stop


def test_only_the_missing_version_is_ignored() -> None:
    """A version that never ran needs no stop; any other error is raised."""
    stop_if_it_runs(stop_with("Unable to find version manager for f"), None, "f")
    with pytest.raises(ValueError, match="surprise"):
        stop_if_it_runs(stop_with("surprise"), None, "f")


@pytest.mark.platform
def test_other_runtime_is_refused_at_once() -> None:
    """CreateFunction answers an error of the caller, and no function exists."""
    client: Any = boto3.client("lambda")
    name, code = f"tests-{uuid4()}", {"ZipFile": packed("index.js")}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="nodejs22"):
        client.create_function(
            FunctionName=name, Role=ROLE, Runtime="nodejs22.x", Handler="index.handler", Code=code
        )
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=name)


@pytest.mark.platform
def test_change_to_another_runtime_is_refused(make_function: Callable[[str], str]) -> None:
    """UpdateFunctionConfiguration refuses another runtime, and takes other settings."""
    client = boto3.client("lambda")
    name = make_function("def handler(event, context): return 1")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="nodejs22"):
        client.update_function_configuration(FunctionName=name, Runtime="nodejs22.x")
    changed = client.update_function_configuration(FunctionName=name, Timeout=7)
    assert (changed["Runtime"], changed["Timeout"]) == ("python3.13", 7)


@pytest.mark.platform
def test_function_that_could_not_start_can_be_deleted() -> None:
    """A function whose code cannot be unpacked is Failed, and DeleteFunction removes it."""
    client, name = boto3.client("lambda"), f"tests-{uuid4()}"
    client.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": packed("app.py", "both", "both/file-and-folder")},
    )

    def failed() -> bool | None:
        state = client.get_function(FunctionName=name)["Configuration"]["State"]
        return True if state == "Failed" else None

    assert soon(failed, "the state Failed")
    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=name)
