"""Another build of the functions, and its deployment over the present one."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.e2e.account.account import Account
from tests.e2e.account.versions import variables_of

ROOT = Path(__file__).resolve().parents[3]
PRESENT = ROOT / ".build/functions"
# Of the newer build: its entries in the audit end so, and it refuses executions that began before.
MARK = "+newer"
OLDER = "older-"

_AUDIT = "release_core/ledger/audit.py"
_AUTHOR = ('"who": who or self.name,', f'"who": who or self.name + "{MARK}",')
_HANDLER = '''

_handle = handler


def handler(event, context):
    """Handle what belongs to this build: its definition has another contract than the older one."""
    if str(event.get("release_id", "")).startswith("{older}"):
        raise RuntimeError("an older execution invokes a newer build")
    return _handle(event, context)
'''


def write_newer_build(folder: Path) -> None:
    """Write zips of a newer build into a folder, with their records."""
    for present in sorted(PRESENT.glob("*.zip")):
        function, newer = present.stem, folder / present.name
        with zipfile.ZipFile(present) as old, zipfile.ZipFile(newer, "w") as new:
            for each in old.infolist():
                # Compiled modules would be used without a look at their sources.
                if not each.filename.endswith(".pyc"):
                    new.writestr(each, _changed(function, each.filename, old.read(each)))
        record = json.loads(present.with_name(f"{present.name}.json").read_text())
        record["sha256"] = sha256(newer.read_bytes()).hexdigest()
        newer.with_name(f"{newer.name}.json").write_text(json.dumps(record))


def _changed(function: str, name: str, content: bytes) -> bytes:
    if name == _AUDIT:
        text = content.decode()
        assert text.count(_AUTHOR[0]) == 1
        return text.replace(*_AUTHOR).encode()
    # The workflow invokes these with the id of the release.
    if function in {"run_pipeline", "close_release"} and name == f"{function}/handler.py":
        return content + _HANDLER.format(older=OLDER).encode()
    return content


@dataclass(frozen=True)
class Deployments:
    """Deploys builds over the deployment that the environment names."""

    account: Account

    def deploy(self, functions_dir: Path | None = None) -> None:
        """Run the command of ``make deploy``; without a folder with the build of the sources."""
        given = {"TF_VAR_functions_dir": str(functions_dir)} if functions_dir else {}
        home = Path(os.environ["RELEASE_MACHINE_OUTPUTS"]).resolve().parent
        done = subprocess.run(
            [sys.executable, "-m", "tools.deploy", "apply", "infra", "--home", str(home)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            env={**os.environ, **self._variables(), **given},
        )
        assert done.returncode == 0, done.stderr

    def _variables(self) -> Mapping[str, str]:
        """The variables of the present deployment, so that only the build changes."""
        patterns = variables_of(self.account, "open_release")["PIPELINE_NAME_PATTERNS"]
        return {"TF_VAR_pipeline_name_patterns": json.dumps(patterns.split(","))}
