"""The zips of the functions: the same bytes for the same sources, and nothing unneeded."""

import importlib.util
import marshal
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.build_functions import ROOT, BuildError, Sources, build, find_uv

TREE = {
    "greet/__init__.py": "",
    "greet/handler.py": (
        "from __future__ import annotations\n"
        "from typing import TYPE_CHECKING\n"
        "import boto3\n"
        "from core import words\n"
        "if TYPE_CHECKING:\n"
        "    from core import typed\n"
        "def handler(event: object, context: object) -> str:\n"
        "    return words.greeting()\n"
    ),
    "part/__init__.py": "",
    "part/handler.py": "def handler(event: object, context: object) -> None: ...\n",
    "core/__init__.py": "",
    "core/words.py": "from .depth import deep\ndef greeting() -> str:\n    return deep.word\n",
    "core/depth/__init__.py": "",
    "core/depth/deep.py": "word = 'hello'\n",
    "core/typed.py": "import not_installed_anywhere\n",
    "core/unneeded.py": "import not_installed_anywhere\n",
}


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Two functions and what they share; neither has dependencies of its own."""
    for name, text in TREE.items():
        file = tmp_path / "lambdas" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Sources(
        lambdas=tmp_path / "lambdas", requirements=tmp_path / "requirements", uv=find_uv()
    )


@pytest.fixture
def built(sources: Sources, tmp_path: Path) -> Callable[[str], Path]:
    """Builds into the folder of that name."""

    def build_into(name: str) -> Path:
        build(tmp_path / name, sources=sources, architecture="x86_64")
        return tmp_path / name

    return build_into


def names_in(archive: Path) -> set[str]:
    """What a zip holds."""
    with zipfile.ZipFile(archive) as package:
        return set(package.namelist())


def test_same_sources_give_the_same_bytes(
    built: Callable[[str], Path], sources: Sources, tmp_path: Path
) -> None:
    """Neither the time of a file nor the folder it lies in changes the zip."""
    first = built("first")
    shutil.copytree(sources.lambdas, tmp_path / "elsewhere")
    moved = Sources(
        lambdas=tmp_path / "elsewhere", requirements=sources.requirements, uv=sources.uv
    )
    build(tmp_path / "second", sources=moved, architecture="x86_64")
    for function in ("greet", "part"):
        name = f"{function}.zip"
        assert (first / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_only_what_is_imported_is_shipped(built: Callable[[str], Path]) -> None:
    """Modules that nothing reaches, or that only type checkers read, stay at home."""
    modules = {name for name in names_in(built("out") / "greet.zip") if name.endswith(".py")}
    assert modules == {
        "greet/__init__.py",
        "greet/handler.py",
        "core/__init__.py",
        "core/words.py",
        "core/depth/__init__.py",
        "core/depth/deep.py",
    }


def test_a_function_ships_nothing_of_another(built: Callable[[str], Path]) -> None:
    """A function that shares nothing ships its own package alone."""
    assert {name.split("/")[0] for name in names_in(built("out") / "part.zip")} == {"part"}


def test_modules_are_compiled_for_good(built: Callable[[str], Path], tmp_path: Path) -> None:
    """Compiled code is never compared with its source, and names the file Lambda runs it from."""
    with zipfile.ZipFile(built("out") / "greet.zip") as package:
        compiled = package.read("greet/__pycache__/handler.cpython-313.pyc")
    assert compiled[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(compiled[4:8], "little") == 0b01, "hash-based and unchecked"
    assert marshal.loads(compiled[16:]).co_filename == "/var/task/greet/handler.py"  # noqa: S302 - our own


def test_the_zip_runs(built: Callable[[str], Path], tmp_path: Path) -> None:
    """Unpacked on an import path of its own, the handler answers."""
    with zipfile.ZipFile(built("out") / "greet.zip") as package:
        package.extractall(tmp_path / "task")
    (tmp_path / "task" / "boto3.py").write_text("")  # stands for the runtime's
    call = "from greet.handler import handler; print(handler(None, None))"
    answer = subprocess.run(
        [sys.executable, "-I", "-c",
         f"import sys; sys.path.insert(0, sys.argv[1]); {call}",
         str(tmp_path / "task")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout == "hello\n"


def test_nothing_is_built_twice(sources: Sources, tmp_path: Path) -> None:
    """Only the functions that reach a changed module are built again."""
    output = tmp_path / "out"
    assert build(output, sources=sources, architecture="x86_64") == ["greet", "part"]
    assert build(output, sources=sources, architecture="x86_64") == []
    (sources.lambdas / "core/depth/deep.py").write_text("word = 'good morning'\n")
    assert build(output, sources=sources, architecture="x86_64") == ["greet"]
    (output / "part.zip").unlink()
    assert build(output, sources=sources, architecture="x86_64") == ["part"]


def test_a_forgotten_dependency_is_named(sources: Sources, tmp_path: Path) -> None:
    """An import that neither the runtime nor the function's lock brings stops the build."""
    (sources.lambdas / "part/handler.py").write_text("import not_installed_anywhere\n")
    with pytest.raises(BuildError, match="part imports not_installed_anywhere"):
        build(tmp_path / "out", sources=sources, architecture="x86_64")


def test_broken_source_is_named(sources: Sources, tmp_path: Path) -> None:
    """Source that Python refuses stops the build and is named."""
    (sources.lambdas / "part/handler.py").write_text("def handler(:\n")
    with pytest.raises(BuildError, match=r"part/handler\.py"):
        build(tmp_path / "out", sources=sources, architecture="x86_64")


@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", "x86_64"), ("arm64", "aarch64")])
def test_each_architecture_gets_its_own_pydantic(
    architecture: str, machine: str, tmp_path: Path
) -> None:
    """The real open_release carries the compiled core of its processor, and no other."""
    real = Sources(
        lambdas=ROOT / "lambdas", requirements=ROOT / "requirements/functions", uv=find_uv()
    )
    build(tmp_path, sources=real, architecture=architecture)
    native = {name for name in names_in(tmp_path / "open_release.zip") if name.endswith(".so")}
    assert native == {f"pydantic_core/_pydantic_core.cpython-313-{machine}-linux-gnu.so"}


def test_the_other_functions_ship_no_pydantic(tmp_path: Path) -> None:
    """Only open_release validates manifests, so only it pays for pydantic's import."""
    real = Sources(
        lambdas=ROOT / "lambdas", requirements=ROOT / "requirements/functions", uv=find_uv()
    )
    build(tmp_path, sources=real, architecture="x86_64")
    shipped = {
        archive.stem: {name.split("/")[0] for name in names_in(archive)}
        for archive in tmp_path.glob("*.zip")
    }
    assert [function for function, tops in shipped.items() if "pydantic" in tops] == [
        "open_release"
    ]
    for function, tops in shipped.items():
        others = set(shipped) - {function}
        assert not tops & others


def commands_of(target: str, **variables: str) -> list[str]:
    """The commands that make would run for a target, with these variables in the environment."""
    make = shutil.which("make")
    assert make
    # Not the rest of the environment: the tests themselves may run below a make.
    dry_run = subprocess.run(
        [make, "--dry-run", "--directory", ROOT, target],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dry_run.stdout.splitlines()


@pytest.mark.parametrize(
    ("variables", "option"),
    [
        ({}, ""),
        ({"TF_VAR_architecture": "arm64"}, ""),  # Terraform gets this machine's there as well
        ({"TARGET": "aws"}, "--architecture arm64"),
        ({"TARGET": "aws", "TF_VAR_architecture": "x86_64"}, "--architecture x86_64"),
    ],
)
def test_the_zips_are_built_for_the_processor_that_is_deployed(
    variables: dict[str, str], option: str
) -> None:
    """Zips of another processor than the functions' would fail at their first import."""
    (build_command,) = [
        command for command in commands_of("deploy", **variables) if "build_functions.py" in command
    ]
    assert build_command.partition("build_functions.py")[2].strip() == option


@pytest.mark.parametrize("target", ["platform", "aws"])
def test_what_terraform_reads_is_there_to_destroy_with(target: str) -> None:
    """Even a destroy reads the hash of each zip, so a fresh clone has to build them first."""
    commands = commands_of("destroy", TARGET=target)
    order = [
        name
        for command in commands
        for name in ("build_functions.py", "build_sources.py", "tools.deploy destroy")
        if name in command
    ]
    demo = ["build_sources.py"] if target == "platform" else []
    assert order == ["build_functions.py", *demo, "tools.deploy destroy"]
