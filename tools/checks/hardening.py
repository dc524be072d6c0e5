"""Checks the plan of a deployment with Checkov: python -m tools.checks.hardening --home FOLDER.

It plans infra/ with its defaults, against the platform in FOLDER. Each check passes, or is skipped
by a comment in the resource that says why: #checkov:skip=ID: reason.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.checks.parts import ROOT
from tools.deploy.target import platform_target
from tools.deploy.terraform import Terraform, TerraformError
from tools.platform.layout import Home
from tools.platform.lifecycle import PlatformError

CHECKOV = ROOT / ".platform/checkov/bin/checkov"
INFRA = ROOT / "infra"
# The roots in infra/ that are not a part of a deployment, Terraform's tests, and what tflocal
# writes beside the sources while another part of the checks deploys them.
NOT_DEPLOYED = ("demo", "verify", "tests", "*_override.tf")
_SKIP = re.compile(r"checkov:skip=(\w+)(?:: *(\S.*))?")


class CheckovError(Exception):
    """Checkov could not check the plan; the message holds its output."""


@dataclass(frozen=True, order=True)
class Skip:
    """A comment that skips a check in a file; the file is relative to infra/."""

    file: str
    check: str
    reason: str = ""


def skips_in(folder: Path) -> list[Skip]:
    """The comments that skip checks, in all files of Terraform in a folder, by file and check."""
    return sorted(
        {
            Skip(str(file.relative_to(folder)), check, reason)
            for file in folder.rglob("*.tf")
            for check, reason in _SKIP.findall(file.read_text("utf-8"))
        }
    )


def problems(report: Mapping[str, Any], skips: Sequence[Skip]) -> Iterator[str]:
    """The failed checks of a report, and the skips that have no reason or skip nothing."""
    results = report["results"]
    for each in results["failed_checks"]:
        place = f"{each['file_path']}:{each['file_line_range'][0]}"
        yield f"{place}: {each['check_id']} {each['check_name']}: {each['resource_address']}"
    used = {(each["file_path"], each["check_id"]) for each in results["skipped_checks"]}
    for skip in skips:
        if not skip.reason:
            yield f"{skip.file}: the skip of {skip.check} has no reason"
        if (skip.file, skip.check) not in used:
            yield f"{skip.file}: nothing fails {skip.check}, so its skip must go"
    if report["summary"]["parsing_errors"] or not report["summary"]["passed"]:
        yield f"The plan was not read: {report['summary']}"


def copy_of(infra: Path, copy: Path) -> Path:
    """Copy what Terraform deploys; returns the copy."""
    shutil.copytree(infra, copy, ignore=shutil.ignore_patterns(*NOT_DEPLOYED))
    return copy


def check(plan: str, sources: Path) -> Mapping[str, Any]:
    """Check a plan in JSON with the comments in its sources; returns Checkov's report.

    Raises CheckovError.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        file.write_text(plan, encoding="utf-8")
        command = [
            str(CHECKOV), "--file", str(file), "--framework", "terraform_plan",
            "--repo-root-for-plan-enrichment", str(sources), "--skip-download",
            "--compact", "--output", "json",
        ]  # fmt: skip
        # It gives up a file that it cannot read in time, and then ignores the comments in it.
        # Unless it is told not to, it asks PyPI at its start for a newer version.
        patient = os.environ | {
            "HCL_PARSE_TIMEOUT_SEC": "120",
            "LOG_LEVEL": "ERROR",
            "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
        }
        done = subprocess.run(  # noqa: S603 - our own command
            command, capture_output=True, text=True, check=False, env=patient
        )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise CheckovError(f"Checkov failed:\n{done.stdout}{done.stderr}") from error
    return report


def main(arguments: list[str]) -> int:
    """Plan and check; returns 1 with each problem when there is one."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks.hardening")
    parser.add_argument("--home", type=Path, required=True, help="folder of the platform")
    options = parser.parse_args(arguments)
    try:
        target = platform_target(Home(options.home.resolve()))
        # Only what the zips were built for: everything else as in a deployment to AWS.
        target = replace(target, settings={"architecture": target.architecture})
        plan = Terraform("infra", target).plan()
        with tempfile.TemporaryDirectory() as folder:
            # Checkov reads each file in the folder, and needs minutes for Terraform's tests.
            sources = copy_of(INFRA, Path(folder) / "infra")
            skips = skips_in(sources)
            report = check(plan, sources)
    except (CheckovError, PlatformError, TerraformError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = list(problems(report, skips))
    counts = report["summary"]
    sys.stdout.write(
        f"Checkov: {counts['passed']} passed, {counts['failed']} failed, "
        f"{counts['skipped']} skipped with a reason\n"
    )
    sys.stderr.writelines(f"{each}\n" for each in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
