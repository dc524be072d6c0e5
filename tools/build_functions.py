"""Builds one zip per function: its own folder, all of release_core, and its locked dependencies.

The same sources always give the same bytes, so Terraform uploads only the zips that have changed.
Modules are compiled at build time, because Lambda's code is read-only and would be compiled at
every cold start. The sources stay beside them: a traceback shows their lines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / ".build/functions"
PYTHON = (3, 13)
# Wheels that run on Lambda's Amazon Linux 2023 and on most other Linux systems.
PLATFORMS = {"arm64": "aarch64-manylinux2014", "x86_64": "x86_64-manylinux2014"}
DEFAULT_ARCHITECTURE = "arm64"  # as in infra/variables.tf
SHARED = "release_core"
# A file in each zip. The record beside the zip says the same, because Terraform cannot read zips.
BUILD_FILE = "build.json"
# Written by installers: they name the installer, or times and paths of this machine.
BY_INSTALLERS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"}
# The earliest time that a zip can hold.
ALWAYS = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644 << 16
UNIX = 3


class BuildError(Exception):
    """A function cannot be packaged; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The folder of the functions, the folder of their locked dependencies, and uv."""

    lambdas: Path
    requirements: Path
    uv: Path | str

    def functions(self) -> list[str]:
        """The packages that hold a handler, by name."""
        return sorted(handler.parent.name for handler in self.lambdas.glob("*/handler.py"))

    def packages(self, function: str) -> list[Path]:
        """The folders that the zip of a function holds."""
        return [self.lambdas / function, self.lambdas / SHARED]

    def lock(self, function: str) -> Path | None:
        """The lock file of a function's own dependencies, or None without dependencies."""
        lock = self.requirements / f"{function}.txt"
        return lock if lock.is_file() else None


def architecture_of(archive: Path) -> str:
    """The processor that a zip was built for. Raises BuildError for any other file."""
    try:
        with zipfile.ZipFile(archive) as package:
            return str(json.loads(package.read(BUILD_FILE))["architecture"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BuildError(f"{archive} is not a zip that tools/build_functions.py built") from error


def record_of(archive: Path) -> Path:
    """The file beside a zip that describes it."""
    return archive.with_name(f"{archive.name}.json")


def install(lock: Path, target: Path, *, architecture: str, uv: Path | str) -> None:
    """Installs the locked wheels of an architecture into a folder. Raises BuildError."""
    command = [
        str(uv), "pip", "install", "--quiet", "--target", str(target), "--requirement", str(lock),
        "--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy",
        "--python", sys.executable, "--python-platform", PLATFORMS[architecture],
        "--python-version", ".".join(map(str, PYTHON)),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise BuildError(
            f"{lock.name} cannot be installed for {architecture}:\n{done.stderr.strip()}"
        )


def worth_shipping(folder: Path) -> list[Path]:
    """The files that a function can use: no caches, no stubs, no scripts; relative to `folder`."""
    return sorted(
        relative
        for relative in (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        if relative.name not in BY_INSTALLERS | {"py.typed"}
        and relative.suffix != ".pyi"
        and relative.parts[0] != "bin"
        and "__pycache__" not in relative.parts
    )


def compile_module(folder: Path, module: Path) -> Path:
    """Compiles a module for Lambda; the path is relative to the folder. Raises BuildError."""
    compiled = module.parent / "__pycache__" / f"{module.stem}.{sys.implementation.cache_tag}.pyc"
    try:
        py_compile.compile(
            str(folder / module),
            cfile=str(folder / compiled),
            dfile=f"/var/task/{module.as_posix()}",
            doraise=True,
            # Never compared with the source: nothing in a deployed zip can change.
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except py_compile.PyCompileError as error:
        raise BuildError(error.msg) from error
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
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lock = sources.lock(function)
        if lock is not None:
            install(lock, folder, architecture=architecture, uv=sources.uv)
        for each in sources.packages(function):
            shutil.copytree(each, folder / each.name)
        about = {"architecture": architecture, "function": function}
        (folder / BUILD_FILE).write_text(json.dumps(about) + "\n")
        files = worth_shipping(folder)
        compiled = [compile_module(folder, file) for file in files if file.suffix == ".py"]
        write_zip(archive, folder, [*files, *compiled])


def fingerprint(function: str, *, sources: Sources, architecture: str) -> str:
    """Changes when the zip of a function may come out differently."""
    digest = hashlib.sha256(architecture.encode())
    lock = sources.lock(function)
    for file in [Path(__file__), *([lock] if lock else [])]:
        digest.update(file.read_bytes())
    for each in sources.packages(function):
        for file in worth_shipping(each):
            digest.update(f"{each.name}/{file.as_posix()}\0".encode() + (each / file).read_bytes())
    return digest.hexdigest()


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def is_current(archive: Path, current: str) -> bool:
    """Whether a zip is the one that was built from sources with this fingerprint."""
    record = record_of(archive)
    if not (record.is_file() and archive.is_file()):
        return False
    built = json.loads(record.read_text())
    return bool(built["sources"] == current and built["sha256"] == digest_of(archive))


def build(output: Path, *, sources: Sources, architecture: str) -> list[str]:
    """Builds the zips whose sources have changed; returns their functions. Raises BuildError.

    The record beside each zip holds its `architecture`, its `sha256` and the fingerprint of its
    `sources`. Zips of functions that no longer exist are removed.
    """
    if sys.version_info[:2] != PYTHON:
        raise BuildError("run this with Python {}.{}: .venv/bin/python".format(*PYTHON))
    output.mkdir(parents=True, exist_ok=True)
    functions = sources.functions()
    for record in output.glob("*.zip.json"):
        if record.name.partition(".")[0] not in functions:
            record.with_suffix("").unlink(missing_ok=True)
            record.unlink()
    renewed = []
    for function in functions:
        archive = output / f"{function}.zip"
        current = fingerprint(function, sources=sources, architecture=architecture)
        if is_current(archive, current):
            continue
        package(function, archive, sources=sources, architecture=architecture)
        about = {"architecture": architecture, "sha256": digest_of(archive), "sources": current}
        record_of(archive).write_text(json.dumps(about, indent=2) + "\n")
        renewed.append(function)
    return renewed


def find_uv() -> Path | str:
    """The uv that `make setup` installed, else the one on PATH. Raises BuildError."""
    own = ROOT / ".platform/bootstrap/bin/uv"
    found = own if own.is_file() else shutil.which("uv")
    if found is None:
        raise BuildError("uv is missing: run make setup")
    return found


def our_sources() -> Sources:
    """The functions of this repository. Raises BuildError without uv."""
    return Sources(
        lambdas=ROOT / "lambdas", requirements=ROOT / "requirements/functions", uv=find_uv()
    )


def main(arguments: list[str] | None = None) -> int:
    """Builds; returns 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--architecture",
        choices=sorted(PLATFORMS),
        default=DEFAULT_ARCHITECTURE,
        help="processor of the functions (default: %(default)s)",
    )
    parser.add_argument("--output", type=Path, default=FUNCTIONS, help="folder of the zips")
    options = parser.parse_args(arguments)
    try:
        renewed = build(options.output, sources=our_sources(), architecture=options.architecture)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Built for {options.architecture}: {', '.join(renewed) or 'no change'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
