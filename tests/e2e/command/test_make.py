"""A release through make, in a shell that is set up for the deployment."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.releasing.pipelines import Estate, unique
from tests.e2e.releasing.releases import manifest

pytestmark = pytest.mark.platform

ROOT = Path(__file__).resolve().parents[3]


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Call make without the variables of the make that runs these tests."""
    own = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    return subprocess.run(
        ["make", *words, "TARGET=aws"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={name: value for name, value in os.environ.items() if name not in own},
    )


def test_release_and_status(estate: Estate, tmp_path: Path) -> None:
    """make release follows the release; make exits with 2 for every failure of the command."""
    release_id, path = unique("r"), tmp_path / """tonight's "$1" release.json"""
    path.write_text(json.dumps(manifest(release_id, estate.catalog)), encoding="utf-8")
    released = make("release", f"MANIFEST={path}")
    assert released.returncode == 0, released.stderr
    assert f" release {release_id}: SUCCEEDED after " in released.stdout
    assert "SUCCEEDED" in make("status", f"RELEASE={release_id}").stdout
    unknown = make("status", f"RELEASE={unique('none')}")
    assert unknown.returncode == 2
    assert "Error 2" in unknown.stderr
