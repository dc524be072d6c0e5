"""Looks for known vulnerabilities in what is published: python -m tools.checks.audit.

It writes the bills of materials and asks PyPI about everything in them. Where PyPI is not reached,
refuses requests for a while, or a mirror without advisories answers in its place, nothing could be
found: that is said, and is no failure. A vulnerability is one, and so is everything else that keeps
pip-audit from its end.
"""

import http.client
import json
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.build_functions import FUNCTIONS
from tools.checks.parts import ROOT
from tools.sbom import BILLS, write_bills

SOURCE = "PyPI"
# A release with a vulnerability that each source of advisories knows (CVE-2020-28493).
KNOWN = "https://pypi.org/pypi/jinja2/2.11.2/json"
TIMEOUT_SECONDS = 20
PIP_AUDIT = (sys.executable, "-m", "pip_audit")
# What a proxy or a mirror answers that does not pass the request on or has no such page, and what
# PyPI answers when it gets too many requests. So does every error of a server: 500 and above.
_NOT_SERVED = frozenset({401, 403, 404, 405, 407, 429, 451})
_SERVER_ERROR = 500
# How pip-audit tells that PyPI was not reached while it asked, in its own words or in a traceback.
_LOST = re.compile(
    r"Could not connect to PyPI.*|PyPI is not redirecting properly"
    r"|^requests\.exceptions\.(?:\w*Timeout|(?:Connection|Proxy|SSL|ChunkedEncoding|Retry)Error)\b.*"
    r"|^requests\.exceptions\.HTTPError: (?:429|5\d\d) .*",
    re.MULTILINE,
)

type Fetch = Callable[[], bytes]


class AuditError(Exception):
    """What is published has vulnerabilities, or it is not known; the message says which."""


class UnreachableError(Exception):
    """The source of advisories was not reached during the audit; the message says why."""


def unreachable(fetch: Fetch) -> str | None:
    """Why the source of advisories cannot be asked, or None when it can.

    ``fetch`` reads what the source knows about a release with a known vulnerability. Raises
    AuditError when the source answers in a way that is neither.
    """
    try:
        answer = fetch()
    except urllib.error.HTTPError as error:
        if error.code in _NOT_SERVED or error.code >= _SERVER_ERROR:
            return f"{SOURCE} answers {error.code}"
        raise AuditError(f"{SOURCE} answers {error.code}: {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:  # names, connections, TLS, time-outs
        return f"{SOURCE} does not answer: {error}"
    try:
        advisories = json.loads(answer)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return f"what answers for {SOURCE} has no advisories"
    return None if advisories else f"what answers for {SOURCE} knows no vulnerability"


def ask() -> bytes:
    """Read what PyPI knows about a release with a known vulnerability."""
    with urllib.request.urlopen(KNOWN, timeout=TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def releases_in(bills: Iterable[Path]) -> list[str]:
    """The releases of other projects in bills of materials, as requirements, each once."""
    return sorted(
        {
            f"{each['name']}=={each['version']}"
            for bill in bills
            for each in json.loads(bill.read_text("utf-8")).get("components", [])
        }
    )


def audit(releases: Iterable[str]) -> str:
    """Ask about these releases; returns what pip-audit says when nothing is known about them.

    Raises UnreachableError if PyPI was not reached for one of them, and AuditError with what
    pip-audit says otherwise.
    """
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("".join(f"{each}\n" for each in releases))
        command = [
            *PIP_AUDIT, "--requirement", str(wanted), "--no-deps", "--disable-pip", "--strict",
            "--progress-spinner", "off",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    said = f"{done.stderr}{done.stdout}".strip()
    lost = _LOST.search(done.stderr)
    if done.returncode and lost and not done.stdout.strip():  # findings are printed there
        raise UnreachableError(lost[0])
    if done.returncode:
        raise AuditError(said)
    return said


def main() -> int:
    """Write the bills and audit what is in them; returns 1 with the reason when it fails."""
    bills = write_bills(BILLS, FUNCTIONS)
    releases = releases_in(bills)
    sys.stdout.write(f"Wrote {len(bills)} bills of materials to {BILLS.relative_to(ROOT)}\n")
    try:
        why_not = unreachable(ask)
        if why_not:
            raise UnreachableError(why_not)
        sys.stdout.write(f"Audited {len(releases)} releases: {audit(releases)}\n")
    except UnreachableError as error:
        sys.stdout.write(f"NOT AUDITED, because no source of advisories is reached: {error}\n")
    except AuditError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
