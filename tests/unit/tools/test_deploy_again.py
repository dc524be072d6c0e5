"""A deployment to the platform is left out only if nothing that Terraform reads has changed."""

from pathlib import Path
from typing import Any

import pytest

from tools.deploy import terraform
from tools.deploy.target import Target
from tools.deploy.terraform import Terraform


def root(folder: Path, **environment: str) -> Terraform:
    """The root infra on a platform whose state is in this folder."""
    settings: dict[str, Any] = {"architecture": "x86_64"}
    return Terraform(
        "infra",
        Target(
            name="platform",
            description="a platform",
            architecture="x86_64",
            command=Path("terraform"),
            environment=environment,
            state=folder,
            backend=None,
            outputs=folder,
            settings=settings,
        ),
    )


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository and a platform of its own: the real ones may be in use."""
    (tmp_path / "repository/infra").mkdir(parents=True)
    (tmp_path / "repository/infra/main.tf").write_text('variable "architecture" {}\n')
    (tmp_path / "repository/statemachine.asl.json").write_text("{}")
    monkeypatch.setattr(terraform, "ROOT", tmp_path / "repository")
    monkeypatch.setattr(terraform, "PLATFORM", tmp_path / "platform")


@pytest.fixture
def zips(tmp_path: Path) -> Path:
    """A folder with one zip."""
    folder = tmp_path / "zips"
    folder.mkdir()
    (folder / "run_pipeline.zip").write_bytes(b"older")
    return folder


@pytest.fixture
def applied(tmp_path: Path, zips: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a state to which the root was applied with these zips."""
    deployed = root(tmp_path, TF_VAR_functions_dir=str(zips))
    answers = {"output": "{}", "state": "one\n"}
    monkeypatch.setattr(Terraform, "_run", lambda _self, first, *_: answers.get(first, ""))
    deployed.apply()
    assert deployed.is_applied()
    return tmp_path


def test_other_zips_are_deployed(applied: Path, zips: Path) -> None:
    """Another build in the same folder is another deployment."""
    (zips / "run_pipeline.zip").write_bytes(b"newer")
    assert not root(applied, TF_VAR_functions_dir=str(zips)).is_applied()


def test_other_variables_are_deployed(applied: Path, zips: Path) -> None:
    """Variables of Terraform in the environment count; all else there does not."""
    same = {"TF_VAR_functions_dir": str(zips)}
    assert root(applied, **same, PATH="/bin").is_applied()
    assert not root(applied, **same, TF_VAR_release_retention_days="30").is_applied()


def test_leftovers_of_a_killed_run_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files that tflocal and we put beside the sources do not stop the next run."""
    leftovers = [
        tmp_path / "repository/infra" / name
        for name in ("localstack_providers_override.tf", "backend_override.tf")
    ]
    for each in leftovers:
        each.write_text("")
    seen: list[bool] = []

    def run(_self: Terraform, *_words: str) -> str:
        seen.extend(each.exists() for each in leftovers)
        return "{}"

    monkeypatch.setattr(Terraform, "_run", run)
    root(tmp_path).apply()
    assert seen
    assert not any(seen)
