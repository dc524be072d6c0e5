"""The folders that set-up makes, and the folder of one platform."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / ".platform"
LOCALSTACK_PYTHON = PLATFORM / "venv/bin/python"
LAMBDA_RUNTIME = PLATFORM / "lambda-runtime"
LIBRARIES = PLATFORM / "lib"


@dataclass(frozen=True)
class Home:
    """The folder of one platform. Platforms with different homes do not affect each other."""

    path: Path

    @property
    def record(self) -> Path:
        """The process id and the port of the platform."""
        return self.path / "platform.json"

    @property
    def log(self) -> Path:
        """The output of the platform since its last start."""
        return self.path / "localstack.log"

    @property
    def filesystem(self) -> Path:
        """The root of LocalStack's filesystem."""
        return self.path / "filesystem"

    @property
    def temporary(self) -> Path:
        """Temporary files, including the unzipped code of functions."""
        return self.path / "tmp"

    @property
    def terraform(self) -> Path:
        """Terraform's state of the deployments on the platform.

        It is useless once the platform has ended.
        """
        return self.path / "terraform"

    @property
    def outputs(self) -> Path:
        """Terraform's outputs of the release machine on the platform."""
        return self.path / "outputs.json"

    @property
    def lock(self) -> Path:
        """Locked while the platform starts or stops."""
        return self.path / "lock"
