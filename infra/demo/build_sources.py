"""Builds the zips of the demo: each service's site in one version, and the check's function.

The same version always gives the same bytes, so only a new version is a new revision.
"""

import argparse
import html
import json
import string
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parents[1] / ".build/demo"
SERVICES = HERE / "services"
# The earliest time that a zip can store; a fixed time keeps the bytes equal.
ALWAYS = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644 << 16


def site(service: str, version: str) -> dict[str, str]:
    """The files of one service's site, by name."""
    described = json.loads((SERVICES / f"{service}.json").read_text())
    page = string.Template((SERVICES / "page.html").read_text())
    content = "\n".join(
        f"      <dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in described["content"].items()
    )
    return {
        "index.html": page.substitute(
            title=html.escape(described["title"]),
            about=html.escape(described["about"]),
            content=content,
            version=html.escape(version),
        ),
        "content.json": json.dumps(described["content"], indent=2) + "\n",
        "version.json": json.dumps({"service": service, "version": version}) + "\n",
    }


def write_zip(path: Path, files: dict[str, str]) -> None:
    """Writes a zip whose bytes depend only on its files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=ALWAYS)
            entry.external_attr = READABLE_FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)


def build(output: Path, version: str) -> None:
    """Builds all zips."""
    output.mkdir(parents=True, exist_ok=True)
    for described in sorted(SERVICES.glob("*.json")):
        write_zip(output / f"{described.stem}.zip", site(described.stem, version))
    handler = HERE / "functions/check_site/handler.py"
    write_zip(output / "check_site.zip", {handler.name: handler.read_text()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--version", default="1.0", help="version that the sites show (default: 1.0)"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    build(options.output, options.version)
    sys.stdout.write(f"Built the demo's sources, version {options.version}: {options.output}\n")
