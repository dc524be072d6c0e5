"""Builds what a release of this project publishes, into .build/dist.

The wheel and the source distribution of the command, the zips of the functions with their records,
a software bill of materials for each, and SHA256SUMS. The same sources give the same bytes. Run as
``make dist``.
"""

import argparse
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tools.build_functions import (
    DEFAULT_ARCHITECTURE,
    PLATFORMS,
    ROOT,
    BuildError,
    build,
    digest_of,
    find_uv,
    our_sources,
)
from tools.sbom import write_bills

DIST = ROOT / ".build/dist"
# The command's own sources, and the code that it shares with the functions.
SOURCES = ("tools/operator", "lambdas/release_core")
NOT_PUBLISHED = shutil.ignore_patterns("*.egg-info", "__pycache__", "tests")
BUILDER = ROOT / ".platform/bootstrap/bin/python"  # its setuptools is locked
SUMS = "SHA256SUMS"
# The time of all files in archives, unless SOURCE_DATE_EPOCH gives another one: 1980, as in zips.
EPOCH = 315_532_800


def build_command(work: Path, output: Path) -> None:
    """Builds the wheel and the source distribution of the command. Raises BuildError.

    `work` is a new folder for a copy of the sources: leftovers of other builds stay out.
    """
    for source in SOURCES:
        shutil.copytree(
            ROOT / source, work / source, ignore=NOT_PUBLISHED, copy_function=_copy_readable
        )
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", EPOCH))
    command = [
        str(find_uv()), "build", str(work / "tools/operator"), "--out-dir", str(output), "--quiet",
        "--no-build-isolation", "--python", str(BUILDER), "--no-create-gitignore",
    ]  # fmt: skip
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=False, env=environment, umask=0o022
    )
    if done.returncode:
        raise BuildError(f"The command cannot be built:\n{done.stderr.strip()}")
    for archive in output.glob("*.tar.gz"):
        make_reproducible(archive, epoch)


def _copy_readable(source: str, target: str) -> None:
    """Copies a file without its permissions: these differ between clones."""
    shutil.copyfile(source, target)
    Path(target).chmod(0o644)


def make_reproducible(archive: Path, epoch: int) -> None:
    """Rewrites a source distribution with sorted names, one time, one owner and one mode."""
    content = io.BytesIO()
    with tarfile.open(archive) as old, tarfile.open(fileobj=content, mode="w") as new:
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            if member.isfile():
                entry = tarfile.TarInfo(member.name)
                entry.size, entry.mtime = member.size, epoch
                new.addfile(entry, old.extractfile(member))
    archive.write_bytes(gzip.compress(content.getvalue(), mtime=epoch))


def publish(output: Path, architecture: str) -> None:
    """Fills a new folder with everything that is published. Raises BuildError."""
    output.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        build_command(Path(work), output)
    build(output, sources=our_sources(), architecture=architecture)
    write_bills(output, output)
    lines = [f"{digest_of(file)}  {file.name}\n" for file in sorted(output.iterdir())]
    (output / SUMS).write_text("".join(lines))


def main(arguments: list[str] | None = None) -> int:
    """Publishes; returns 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="make dist", description=__doc__.partition("\n")[0])
    parser.add_argument("--architecture", choices=sorted(PLATFORMS), default=DEFAULT_ARCHITECTURE)
    options = parser.parse_args(arguments)
    shutil.rmtree(DIST, ignore_errors=True)
    try:
        publish(DIST, options.architecture)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Built for {options.architecture} into {DIST.relative_to(ROOT)}:\n")
    sys.stdout.writelines(f"  {file.name}\n" for file in sorted(DIST.iterdir()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
