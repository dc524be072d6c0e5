"""What `make dist` publishes; tools/operator/tests/test_package.py proves the command's part."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.contract.import_graph import FUNCTIONS
from tools import dist
from tools.build_functions import ROOT, architecture_of
from tools.sbom import COMMAND, SUFFIX


def test_everything_has_a_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SHA256SUMS has a line for each file: the command's, each zip and record, and the bills."""
    wheel = "release_machine-1.whl"
    monkeypatch.setattr(dist, "build_command", lambda _, out: (out / wheel).write_bytes(b"wheel"))
    folder = tmp_path / "dist"
    dist.publish(folder, "arm64")
    zips = {f"{function}.zip" for function in FUNCTIONS}
    bills = {f"{each}{SUFFIX}" for each in (COMMAND, *FUNCTIONS)}
    files = {wheel, *zips, *(f"{each}.json" for each in zips), *bills}
    assert {file.name for file in folder.iterdir()} == {*files, "SHA256SUMS"}
    sums = (line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files
    }
    assert {architecture_of(folder / each) for each in zips} == {"arm64"}
    shipped = json.loads((folder / f"open_release{SUFFIX}").read_text())["components"]
    lock = (ROOT / "requirements/functions/open_release.txt").read_text()
    locked = re.findall(r"^([\w-]+==\S+)", lock, re.MULTILINE)
    assert sorted(f"{each['name']}=={each['version']}" for each in shipped) == sorted(locked)
