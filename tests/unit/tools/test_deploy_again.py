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
    infra = tmp_path / "repository/infra"
    leftovers = ("localstack_providers_override.tf", "deploy_backend_override.tf")
    for name in (*leftovers, "provider_override.tf"):
        (infra / name).write_text("")
    seen: list[set[str]] = []

    def run(_self: Terraform, *_words: str) -> str:
        seen.append({path.name for path in infra.glob("*_override.tf")})
        return "{}"

    monkeypatch.setattr(Terraform, "_run", run)
    root(tmp_path).apply()
    assert seen
    assert all(each == {"provider_override.tf"} for each in seen)  # that one is the user's


def test_an_override_of_the_user_is_deployed(applied: Path, zips: Path) -> None:
    """It may change the providers or a resource."""
    (applied / "repository/infra/provider_override.tf").write_text('provider "aws" {}')
    assert not root(applied, TF_VAR_functions_dir=str(zips)).is_applied()
