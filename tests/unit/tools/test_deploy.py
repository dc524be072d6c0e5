"""A deployment checks the zips before Terraform runs."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.contract.import_graph import FUNCTIONS
from tools.deploy import __main__ as deploy
from tools.deploy.packages import PackageError, check_packages
from tools.deploy.target import Target


@pytest.fixture
def zips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a zip of each function for arm64, which the deployment uses."""
    for function in FUNCTIONS:
        with zipfile.ZipFile(tmp_path / f"{function}.zip", "w") as package:
            package.writestr("build.json", json.dumps({"architecture": "arm64"}))
    monkeypatch.setenv("TF_VAR_functions_dir", str(tmp_path))
    return tmp_path


def test_zips_of_the_processor_are_taken(zips: Path) -> None:
    """Zips that were built for the functions' processor pass."""
    check_packages("arm64")


def test_a_zip_of_another_processor_is_refused(zips: Path) -> None:
    """The message names the zip, both processors, and the command that builds it again."""
    with pytest.raises(PackageError) as refused:
        check_packages("x86_64")
    assert str(refused.value) == (
        f"{zips}/answer_approval.zip is built for arm64, but the functions of this deployment run"
        " on x86_64.\nBuild the zips again: .venv/bin/python tools/build_functions.py"
        f" --architecture x86_64 --output {zips}"
    )


def test_a_missing_zip_is_refused(zips: Path) -> None:
    """A function without a zip cannot be deployed; the message says how to build it."""
    (zips / "run_pipeline.zip").unlink()
    with pytest.raises(PackageError, match=r"run_pipeline\.zip is not a zip that(.|\n)*Build the"):
        check_packages("arm64")


def test_a_mismatch_ends_before_terraform(
    zips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`apply` refuses and changes nothing; `destroy` uploads nothing, so it goes on."""
    ran: list[str] = []
    target = Target(
        name="platform",
        description="a platform",
        architecture="x86_64",
        command=Path("terraform"),
        environment={},
        state=None,
        backend=None,
        outputs=None,
        settings={},
    )
    monkeypatch.setattr(deploy, "choose", lambda *_: target)
    monkeypatch.setattr(deploy, "run", lambda command, *_, **__: ran.append(command))
    assert deploy.main(["apply", "infra"]) == 1
    assert "is built for arm64" in capsys.readouterr().err
    assert deploy.main(["destroy", "infra"]) == 0
    assert ran == ["destroy"]
