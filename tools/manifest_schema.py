"""Writes docs/release-manifest.schema.json, generated from the manifest's model.

Run it as ``make docs``. A test fails if the file is outdated.
"""

import json
from pathlib import Path

from release_core.manifest.json_schema import manifest_schema

SCHEMA = Path(__file__).parents[1] / "docs" / "release-manifest.schema.json"


def schema_text() -> str:
    """The schema as the text of the file."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
