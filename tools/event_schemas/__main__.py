"""Writes the schemas of the events, and adds their new fields to those that must be kept.

Run it as ``make docs``. It stops when a field that readers rely on is gone or has another type.
"""

import json
import sys

from tools.event_schemas.schemas import KEPT, broken_promises, fields_of, kept, schemas, texts

HOW = (
    "Readers rely on these fields. Keep them and add others. If that is impossible, increase "
    "SCHEMA_VERSION in release_core/domain/announcement.py, begin a file of the new version in "
    "schemas/events/kept, and describe the change in CHANGELOG.md"
)


def main() -> None:
    """Write all files; exit with a message if a promise to readers is broken."""
    before = kept() if KEPT.exists() else {}
    now = {name: fields_of(schema) for name, schema in schemas().items()}
    if broken := broken_promises(now, before):
        sys.exit("\n".join([*broken, HOW]))
    for path, text in texts():
        path.write_text(text, encoding="utf-8")
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(before | now, indent=2) + "\n", encoding="utf-8")


main()
