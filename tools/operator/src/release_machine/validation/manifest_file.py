"""Reads manifest files."""

import sys
from pathlib import Path

from release_machine.errors import UsageError

STANDARD_INPUT = "-"


def read_manifest(name: str) -> bytes:
    """The bytes of a file, or of standard input; raises UsageError."""
    try:
        return sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{name} cannot be read: {error.strerror}.", "Give the path of a manifest file."
        ) from error
