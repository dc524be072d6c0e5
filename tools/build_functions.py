"""Builds one zip per function, with what the function imports and nothing else.

The same sources always give the same bytes, so Terraform uploads only what has changed. Modules are
compiled beforehand, because Lambda's code is read-only and would be compiled at every cold start.
The sources stay beside them: a traceback shows their lines.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = (3, 13)
# Wheels that Lambda's Amazon Linux 2023 takes, and most other Linux systems as well.
PLATFORMS = {"x86_64": "x86_64-manylinux2014", "arm64": "aarch64-manylinux2014"}
PROCESSORS = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# What AWS's runtime brings along (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html).
IN_THE_RUNTIME = {"boto3", "botocore"}
# Installers write these; they name the installer, or times and paths of this machine.
LEFT_BY_INSTALLERS = {
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    ".lock",
}
# The earliest time that a zip can hold.
ALWAYS = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644 << 16
UNIX = 3


class BuildError(Exception):
    """A function cannot be packaged; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the functions and the locks of their own dependencies lie, and the uv that installs."""

    lambdas: Path
    requirements: Path
    uv: Path | str

    def functions(self) -> list[str]:
        """The packages that hold a handler, by name."""
        return sorted(handler.parent.name for handler in self.lambdas.glob("*/handler.py"))

    def lock(self, function: str) -> Path | None:
        """The lock of a function's own dependencies, or None when it has none."""
        lock = self.requirements / f"{function}.txt"
        return lock if lock.is_file() else None


class Imports(ast.NodeVisitor):
    """The dotted names that a module imports when it runs; those for type checkers are left out."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.names: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        """Passes over the body of `if TYPE_CHECKING`."""
        checked = ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for child in node.orelse if checked else [*node.body, *node.orelse]:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b` brings a.b."""
        self.names.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a import b` brings a, and a.b when that is a module."""
        origin = node.module or ""
        if node.level:
            above = self.package.split(".")[: len(self.package.split(".")) - node.level + 1]
            origin = ".".join([*above, *filter(None, [node.module])])
        self.names.add(origin)
        self.names.update(f"{origin}.{alias.name}" for alias in node.names)


def source_of(module: str, lambdas: Path) -> Path | None:
    """The file of a module below the import root, or None when it is not there."""
    path = lambdas.joinpath(*module.split("."))
    return next(
        (each for each in (path / "__init__.py", path.with_suffix(".py")) if each.is_file()), None
    )


def imports_of(source: Path, lambdas: Path) -> set[str]:
    """What one file imports, with the packages above it. Raises BuildError."""
    parts = source.relative_to(lambdas).with_suffix("").parts
    found = Imports(".".join(parts[:-1]))
    try:
        found.visit(ast.parse(source.read_bytes(), filename=str(source)))
    except SyntaxError as error:
        raise BuildError(f"{source}, line {error.lineno}: {error.msg}") from error
    return {
        ".".join(name.split(".")[:length])
        for name in found.names
        for length in range(1, len(name.split(".")) + 1)
    }


def closure(function: str, lambdas: Path) -> tuple[list[Path], set[str]]:
    """The files a function needs from the import root, and the foreign packages these import."""
    waiting = sorted((lambdas / function).rglob("*.py"))
    reached: set[Path] = set()
    foreign: set[str] = set()
    while waiting:
        source = waiting.pop()
        if source in reached:
            continue
        reached.add(source)
        for name in imports_of(source, lambdas):
            module = source_of(name, lambdas)
            if module is not None:
                waiting.append(module)
            elif source_of(name.split(".")[0], lambdas) is None:
                foreign.add(name.split(".")[0])
    return sorted(reached), foreign - set(sys.stdlib_module_names) - IN_THE_RUNTIME


def install(lock: Path, target: Path, *, architecture: str, uv: Path | str) -> None:
    """Installs the locked wheels of an architecture into a folder. Raises BuildError."""
    command = [
        str(uv), "pip", "install", "--quiet", "--target", str(target), "--requirement", str(lock),
        "--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy",
        "--python", sys.executable, "--python-platform", PLATFORMS[architecture],
        "--python-version", ".".join(map(str, PYTHON)),
    ]  # fmt: skip
    # The command is ours, and so is every argument of it.
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BuildError(
            f"{lock.name} cannot be installed for {architecture}:\n{done.stderr.strip()}"
        )


def worth_shipping(folder: Path) -> Iterator[Path]:
    """The files of an installation that a function can use, relative to it."""
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not (
            path.name in LEFT_BY_INSTALLERS
            or relative.parts[0] == "bin"
            or "__pycache__" in relative.parts
        ):
            yield relative


def compile_module(folder: Path, module: Path) -> Path:
    """Compiles a module as Lambda will see it; the path is relative to the folder."""
    compiled = module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(
        str(folder / module),
        cfile=str(folder / compiled),
        dfile=f"/var/task/{module.as_posix()}",
        doraise=True,
        # Never compared with the source: nothing in a deployed zip can change.
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return compiled


def write_zip(archive: Path, folder: Path, files: Iterable[Path]) -> None:
    """Writes the files in order of their names, each with the same time and permissions."""
    unfinished = archive.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w") as package:
        for file in sorted(files, key=Path.as_posix):
            entry = zipfile.ZipInfo(file.as_posix(), date_time=ALWAYS)
            entry.create_system = UNIX
            entry.external_attr = READABLE_FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, (folder / file).read_bytes(), compresslevel=9)
    unfinished.replace(archive)


def package(function: str, archive: Path, *, sources: Sources, architecture: str) -> None:
    """Builds the zip of one function. Raises BuildError."""
    modules, foreign = closure(function, sources.lambdas)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lock = sources.lock(function)
        if lock is not None:
            install(lock, folder, architecture=architecture, uv=sources.uv)
        files = set(worth_shipping(folder))
        absent = foreign - {file.parts[0].removesuffix(".py") for file in files}
        if absent:
            raise BuildError(
                f"{function} imports {', '.join(sorted(absent))}, which neither the runtime "
                f"nor {sources.requirements / function}.txt brings"
            )
        for module in modules:
            relative = module.relative_to(sources.lambdas)
            (folder / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, folder / relative)
            files.add(relative)
        files |= {compile_module(folder, file) for file in files if file.suffix == ".py"}
        write_zip(archive, folder, files)


def fingerprint(function: str, *, sources: Sources, architecture: str) -> str:
    """Changes whenever the zip of a function may come out differently."""
    lock = sources.lock(function)
    digest = hashlib.sha256(f"{architecture} {sys.version}".encode())
    for path in [Path(__file__), *([lock] if lock else []), *closure(function, sources.lambdas)[0]]:
        digest.update(f"{path.parent.name}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def build(output: Path, *, sources: Sources, architecture: str) -> list[str]:
    """Builds the zips whose sources have changed; returns their functions. Raises BuildError."""
    if sys.version_info[:2] != PYTHON:
        raise BuildError(
            "run this with Python {}.{}, as the functions are: .venv/bin/python".format(*PYTHON)
        )
    output.mkdir(parents=True, exist_ok=True)
    record = output / "built.json"
    built: dict[str, str] = json.loads(record.read_text()) if record.is_file() else {}
    renewed = []
    for function in sources.functions():
        archive = output / f"{function}.zip"
        current = fingerprint(function, sources=sources, architecture=architecture)
        if built.get(function) != current or not archive.is_file():
            package(function, archive, sources=sources, architecture=architecture)
            built[function] = current
            record.write_text(json.dumps(built, indent=2, sort_keys=True) + "\n")
            renewed.append(function)
    return renewed


def find_uv() -> Path | str:
    """The uv that `make setup` brought, else the one on PATH. Raises BuildError."""
    own = ROOT / ".platform/bootstrap/bin/uv"
    found = own if own.is_file() else shutil.which("uv")
    if found is None:
        raise BuildError("uv is not here: run make setup")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Builds; returns 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--architecture",
        choices=sorted(PLATFORMS),
        default=PROCESSORS.get(os.uname().machine, "x86_64"),
        help="this machine's unless given",
    )
    parser.add_argument("--output", type=Path, default=ROOT / ".build/functions")
    options = parser.parse_args(arguments)
    try:
        sources = Sources(
            lambdas=ROOT / "lambdas", requirements=ROOT / "requirements/functions", uv=find_uv()
        )
        renewed = build(options.output, sources=sources, architecture=options.architecture)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"Packaged for {options.architecture}: {', '.join(renewed) or 'nothing has changed'}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
