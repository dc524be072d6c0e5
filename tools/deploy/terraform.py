"""Runs Terraform in one of the project's roots: quietly on the platform, visibly on AWS."""

import fcntl
import hashlib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.deploy.target import Target
from tools.platform.layout import PLATFORM, ROOT

# tflocal, and we for the backend, put these beside the sources while Terraform runs.
OURS = "deploy_backend_override.tf"
MADE = ("localstack_providers_override.tf", OURS)
BACKEND = 'terraform {\n  backend "s3" {}\n}\n'


class TerraformError(Exception):
    """Terraform failed; the message holds its errors and the path of the whole log."""


class Terraform:
    """One root (a folder of the repository) on one target."""

    def __init__(self, root: str, target: Target) -> None:
        self._root = ROOT / root
        self._target = target
        self._name = root.replace("/", "-")
        self._data = PLATFORM / "terraform-data" / f"{self._name}-{target.name}"
        self._log = self._data / "terraform.log"
        # On AWS the state is in the backend, and nobody reads outputs from a file.
        self._state = target.state and target.state / f"{self._name}.tfstate"
        self._applied = self._state and self._state.with_suffix(".applied")
        outputs = "outputs.json" if self._name == "infra" else f"{self._name}-outputs.json"
        self._outputs = target.outputs and target.outputs / outputs

    def apply(self) -> int:
        """Applies the root and writes its outputs; returns the number of its resources."""
        with self._ready():
            self._change("apply")
            if self._outputs and self._applied:
                self._outputs.write_text(self._run("output", *self._on_state(), "-json"))
                self._applied.write_text(self._fingerprint())
            return len(self._run("state", "list", *self._on_state()).splitlines())

    def plan(self) -> str:
        """The plan, as JSON, of a deployment where there is none yet; changes nothing."""
        with self._ready(), tempfile.TemporaryDirectory() as folder:
            plan, state = f"{folder}/plan", f"{folder}/terraform.tfstate"
            self._run("plan", "-input=false", f"-state={state}", f"-out={plan}", *self._settings())
            return self._run("show", "-json", plan)

    def is_applied(self) -> bool:
        """Whether the last apply to this platform had the same sources. Always False on AWS."""
        return bool(
            self._applied
            and self._applied.is_file()
            and self._applied.read_text() == self._fingerprint()
        )

    def destroy(self) -> None:
        """Destroys the resources of the root, if there are any."""
        with self._ready():
            if self._applied:
                self._applied.unlink(missing_ok=True)
            self._change("destroy")
            if self._outputs:
                self._outputs.unlink(missing_ok=True)

    def values(self) -> dict[str, Any]:
        """The outputs by name; empty when nothing is deployed."""
        if not self.has_state():
            return {}
        with self._ready():
            outputs = json.loads(self._run("output", *self._on_state(), "-json"))
        return {name: output["value"] for name, output in outputs.items()}

    def planned(self, **settings: str) -> dict[str, Any]:
        """The plan of an apply with more settings, as `terraform show -json` writes it.

        Nothing is changed. What is deployed already has its ARN in the plan.
        """
        with self._ready(), tempfile.TemporaryDirectory() as folder:
            plan, given = f"{folder}/plan", [*self._on_state(), *self._settings(**settings)]
            self._run("plan", "-input=false", "-refresh=false", f"-out={plan}", *given)
            shown: dict[str, Any] = json.loads(self._run("show", "-json", plan))
        return shown

    def has_state(self) -> bool:
        """Whether the root was applied to this target. Always True on AWS: the backend decides."""
        return self._state is None or self._state.is_file()

    def _settings(self, **more: str) -> list[str]:
        text = "\n".join(path.read_text() for path in self._root.glob("*.tf"))
        known = re.findall(r'^variable "(\w+)"', text, re.MULTILINE)
        given = self._target.settings | more
        return [f"-var={name}={value}" for name, value in given.items() if name in known]

    def _change(self, command: str) -> None:
        settings = self._settings()
        if self._state:
            self._run(command, "-auto-approve", "-input=false", *self._on_state(), *settings)
        else:  # on AWS Terraform shows its plan and asks
            self._run_visibly(command, *settings)

    @contextmanager
    def _ready(self) -> Iterator[None]:
        """Locks the root for this run and initialises it when its sources have changed.

        One run at a time per root, because of the files beside the sources.
        """
        self._data.mkdir(parents=True, exist_ok=True)
        with (PLATFORM / "terraform-data" / f"{self._name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Left by a run that was killed: tflocal would refuse to run, and a backend would stay.
            for leftover in MADE:
                (self._root / leftover).unlink(missing_ok=True)
            override = self._root / OURS
            if self._target.backend:
                override.write_text(BACKEND)
            try:
                self._initialise()
                yield
            finally:
                override.unlink(missing_ok=True)

    def _initialise(self) -> None:
        stamp = self._data / "initialised"
        fingerprint = self._fingerprint()
        if self._target.backend:
            self._run_visibly("init", "-reconfigure", f"-backend-config={self._target.backend}")
        elif not stamp.is_file() or stamp.read_text() != fingerprint:
            self._run("init", "-input=false")
            stamp.write_text(fingerprint)

    def _fingerprint(self) -> str:
        """Changes when a file, setting or variable changes that Terraform reads."""
        variables = {
            name: text
            for name, text in self._target.environment.items()
            if name.startswith("TF_VAR_")
        }
        settings = sorted((self._target.settings | variables).items())
        digest = hashlib.sha256(repr(settings).encode())
        # Terraform runs in the folder of the root, so a relative folder begins there.
        given = self._root / (variables.get("TF_VAR_functions_dir") or ROOT / ".build/functions")
        files = [
            # A root may use the folders around it as modules.
            *(ROOT / "infra").rglob("*"),
            ROOT / "statemachine.asl.json",
            # Not the demo's pages: they go into the source bucket without Terraform.
            *given.rglob("*.zip"),
            *(ROOT / ".build/demo").rglob("*.zip"),
        ]
        for path in sorted(files):
            if path.is_file() and path.name not in MADE:
                digest.update(f"{path}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def _on_state(self) -> list[str]:
        return [f"-state={self._state}"] if self._state else []

    def _run(self, *arguments: str) -> str:
        done = self._call(*arguments, "-no-color", capture_output=True, text=True)
        with self._log.open("a") as log:
            log.write(f"$ terraform {' '.join(arguments)}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            raise TerraformError(f"{errors_in(done.stdout + done.stderr)}\nWhole log: {self._log}")
        return str(done.stdout)

    def _run_visibly(self, *arguments: str) -> None:
        if self._call(*arguments).returncode:
            done = f"terraform {arguments[0]} did not complete"
            raise TerraformError(f"{done}: see its output above.")

    def _call(self, *arguments: str, **how: Any) -> subprocess.CompletedProcess[Any]:
        # Reading a state or a plan calls nothing on AWS, so it does not need tflocal.
        command = (
            "terraform" if arguments[0] in {"output", "show", "state"} else self._target.command
        )
        own = {"TF_DATA_DIR": str(self._data), "TF_IN_AUTOMATION": "1"}
        environment = self._target.environment | own
        return subprocess.run(  # noqa: S603 - our own command
            [command, *arguments], cwd=self._root, env=environment, check=False, **how
        )


def errors_in(text: str) -> str:
    """Terraform's output from its first error on, else its last lines; without tflocal's banner."""
    lines = text.partition("\n=====")[0].splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("Error: ")), -20)
    return "\n".join(lines[first:]).rstrip()
