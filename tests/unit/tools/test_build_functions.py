"""The zips of the functions: the same bytes for the same sources, and nothing unneeded."""

import hashlib
import importlib.util
import json
import marshal
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.build_functions import (
    DEFAULT_ARCHITECTURE,
    ROOT,
    BuildError,
    Sources,
    architecture_of,
    build,
    find_uv,
    our_sources,
)
from tools.deploy.target import architecture as this_machine

TREE = {
    "greet/__init__.py": "",
    "greet/handler.py": (
        "import boto3\n"
        "from release_core import words\n"
        "def handler(event: object, context: object) -> str:\n"
        "    return words.greeting()\n"
    ),
    "part/__init__.py": "",
    "part/handler.py": "def handler(event: object, context: object) -> None: ...\n",
    "release_core/__init__.py": "",
    "release_core/words.py": "from .depth import word\ndef greeting(): return word.text\n",
    "release_core/depth/__init__.py": "",
    "release_core/depth/word.py": "text = 'hello'\n",
    "release_core/depth/word.pyi": "text: str\n",
    "release_core/py.typed": "",
    "release_core/__pycache__/words.cpython-312.pyc": "",
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
def built(sources: Sources, tmp_path: Path) -> Path:
    """The folder of the zips of these functions."""
    build(tmp_path / "out", sources=sources, architecture="x86_64")
    return tmp_path / "out"


def names_in(archive: Path) -> set[str]:
    """What a zip holds."""
    with zipfile.ZipFile(archive) as package:
        return set(package.namelist())


def test_same_sources_give_the_same_bytes(built: Path, sources: Sources, tmp_path: Path) -> None:
    """Neither the time of a file nor its folder changes the zip."""
    shutil.copytree(sources.lambdas, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    moved = Sources(
        lambdas=tmp_path / "elsewhere", requirements=sources.requirements, uv=sources.uv
    )
    build(tmp_path / "again", sources=moved, architecture="x86_64")
    for function in ("greet", "part"):
        name = f"{function}.zip"
        assert (built / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_zip_holds_its_function_and_all_that_functions_share(built: Path) -> None:
    """Each module with its compiled form; no stub, no other function and nobody's old cache."""
    modules = {"greet/__init__", "greet/handler", "release_core/__init__", "release_core/words"}
    modules |= {"release_core/depth/__init__", "release_core/depth/word"}
    compiled = {
        f"{folder}/__pycache__/{name}.cpython-313.pyc"
        for folder, _, name in (module.rpartition("/") for module in modules)
    }
    names = names_in(built / "greet.zip")
    assert names == {"build.json", *compiled, *(f"{each}.py" for each in modules)}


def test_a_zip_says_for_which_processor_it_is(built: Path) -> None:
    """The zip and the record beside it name the processor; the record has the zip's hash too."""
    archive = built / "greet.zip"
    assert architecture_of(archive) == "x86_64"
    record = json.loads((built / "greet.zip.json").read_text())
    assert record["architecture"] == "x86_64"
    assert record["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()


@pytest.mark.parametrize("content", [None, b"no zip"], ids=["missing", "no zip"])
def test_what_is_not_such_a_zip_is_named(content: bytes | None, tmp_path: Path) -> None:
    """A missing file and a foreign file have no processor."""
    archive = tmp_path / "greet.zip"
    if content:
        archive.write_bytes(content)
    with pytest.raises(BuildError, match=r"greet\.zip is not a zip that"):
        architecture_of(archive)


def test_modules_are_compiled_for_good(built: Path) -> None:
    """Compiled code is never compared with its source, and names the file Lambda runs it from."""
    with zipfile.ZipFile(built / "greet.zip") as package:
        compiled = package.read("greet/__pycache__/handler.cpython-313.pyc")
    assert compiled[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(compiled[4:8], "little") == 0b01, "hash-based and unchecked"
    assert marshal.loads(compiled[16:]).co_filename == "/var/task/greet/handler.py"  # noqa: S302 - our own


def test_the_zip_runs(built: Path, tmp_path: Path) -> None:
    """Unpacked on an import path of its own, the handler answers."""
    with zipfile.ZipFile(built / "greet.zip") as package:
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


def test_nothing_is_built_twice(built: Path, sources: Sources) -> None:
    """A zip is built again when its sources or its processor change, or the zip itself."""

    def again(architecture: str = "x86_64") -> list[str]:
        return build(built, sources=sources, architecture=architecture)

    assert again() == []
    (sources.lambdas / "part/handler.py").write_text("handler = None\n")
    assert again() == ["part"]
    (sources.lambdas / "release_core/depth/word.py").write_text("text = 'good morning'\n")
    assert again() == ["greet", "part"]
    (built / "part.zip").unlink()
    assert again() == ["part"]
    shutil.copyfile(built / "greet.zip", built / "part.zip")
    assert again() == ["part"]
    assert again("arm64") == ["greet", "part"]


def test_zips_of_removed_functions_go(built: Path, sources: Sources) -> None:
    """The folder holds the functions of now; a file that the build did not make stays."""
    (built / "other.zip").write_bytes(b"")
    shutil.rmtree(sources.lambdas / "part")
    build(built, sources=sources, architecture="x86_64")
    assert {file.name for file in built.iterdir()} == {"greet.zip", "greet.zip.json", "other.zip"}


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
    build(tmp_path, sources=our_sources(), architecture=architecture)
    native = {name for name in names_in(tmp_path / "open_release.zip") if name.endswith(".so")}
    assert native == {f"pydantic_core/_pydantic_core.cpython-313-{machine}-linux-gnu.so"}
    shipping_pydantic = {
        archive.stem
        for archive in tmp_path.glob("*.zip")
        if any(name.startswith("pydantic") for name in names_in(archive))
    }
    assert shipping_pydantic == {"open_release"}, "only open_release validates manifests"


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
    ("variables", "architecture"),
    [
        ({}, this_machine()),
        ({"TF_VAR_architecture": "arm64"}, this_machine()),  # as tools.deploy does there
        ({"TARGET": "aws"}, DEFAULT_ARCHITECTURE),
        ({"TARGET": "aws", "TF_VAR_architecture": "x86_64"}, "x86_64"),
    ],
)
def test_the_zips_are_built_for_the_processor_that_is_deployed(
    variables: dict[str, str], architecture: str
) -> None:
    """Zips of another processor than the functions' would fail at their first import."""
    (build_command,) = [
        command for command in commands_of("deploy", **variables) if "build_functions.py" in command
    ]
    assert build_command.endswith(f"build_functions.py --architecture {architecture}")


def test_the_default_is_that_of_terraform() -> None:
    """A zip that is built by hand without options fits a deployment without variables."""
    variables = (ROOT / "infra/variables.tf").read_text()
    block = variables.partition('variable "architecture" {')[2].partition("\n}")[0]
    assert f'default     = "{DEFAULT_ARCHITECTURE}"' in block


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
