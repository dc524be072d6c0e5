"""The folders that set-up makes, and the folder of one platform."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / ".platform"
LOCALSTACK_PYTHON = PLATFORM / "venv/bin/python"
LAMBDA_RUNTIME = PLATFORM / "lambda-runtime"
LIBRARIES = PLATFORM / "lib"


class Home:
    """The folder of one platform. Platforms with different homes do not affect each other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # The process id and the port of the platform.
        self.record = path / "platform.json"
        # The output of the platform since its last start.
        self.log = path / "localstack.log"
        # The root of LocalStack's filesystem.
        self.filesystem = path / "filesystem"
        # Temporary files, including the unzipped code of functions.
        self.temporary = path / "tmp"
        # Terraform's state of the deployments on the platform: useless once the platform has ended.
        self.terraform = path / "terraform"
        # Terraform's outputs of the release machine on the platform.
        self.outputs = path / "outputs.json"
        # The permissions that the calls of roles have needed, if RECORD_CALLS is set.
        self.calls = path / "calls.jsonl"
        # Locked while the platform starts or stops.
        self.lock = path / "lock"
