"""Where things are: what set-up has made, and the folder of one running platform."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / ".platform"
LOCALSTACK_PYTHON = PLATFORM / "venv/bin/python"
LAMBDA_RUNTIME = PLATFORM / "lambda-runtime"
LIBRARIES = PLATFORM / "lib"


@dataclass(frozen=True)
class Home:
    """The folder of one platform. Two platforms with two homes do not know of each other."""

    path: Path

    @property
    def record(self) -> Path:
        """Which process it is and on which port."""
        return self.path / "platform.json"

    @property
    def log(self) -> Path:
        """What it printed since it was last started."""
        return self.path / "localstack.log"

    @property
    def filesystem(self) -> Path:
        """What LocalStack takes for the root of its filesystem."""
        return self.path / "filesystem"

    @property
    def temporary(self) -> Path:
        """Its temporary files, the functions' unzipped code among them."""
        return self.path / "tmp"

    @property
    def terraform(self) -> Path:
        """Terraform's state of what is deployed on it.

        It is of no use once the platform has ended.
        """
        return self.path / "terraform"

    @property
    def outputs(self) -> Path:
        """Terraform's outputs of the release machine that is deployed on it."""
        return self.path / "outputs.json"

    @property
    def lock(self) -> Path:
        """Held while the platform is being started or ended."""
        return self.path / "lock"
