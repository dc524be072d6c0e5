"""The text of a result file, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from release_core.clock import from_iso, to_iso
from release_core.domain.dropped import ManifestObject
from release_core.domain.results import Result, ResultState

SCHEMA_VERSION = "1"
# Problems in one file, which then has at most a few megabytes.
MAX_LISTED = 10_000


def result_text(result: Result) -> str:
    """The content of the file; what is absent has no key."""
    listed = [*result.problems[:MAX_LISTED]]
    if len(result.problems) > MAX_LISTED:
        listed.append(f"and {len(result.problems) - MAX_LISTED} more")
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "manifest": _present(
            {
                "bucket": result.manifest.bucket,
                "key": result.manifest.key,
                "versionId": result.manifest.version_id,
            }
        ),
        "state": result.state.value,
        "at": to_iso(result.at),
        "executionArn": result.execution_arn,
        "startedAt": to_iso(result.started_at) if result.started_at else None,
        "releaseId": result.release_id,
        "attempt": result.attempt,
        "releasedBy": result.released_by,
        "error": result.error,
        "why": result.why,
        "problems": listed or None,
        "plan": result.plan,
    }
    return json.dumps(_present(document), indent=2, ensure_ascii=False) + "\n"


def read_result(text: str | bytes) -> Result | None:
    """The result in a file, without its reasons; None if it has none: anybody may write there."""
    try:
        document = json.loads(text)
        manifest, started = document["manifest"], document.get("startedAt")
        return Result(
            manifest=ManifestObject(
                bucket=str(manifest["bucket"]),
                key=str(manifest["key"]),
                version_id=manifest.get("versionId"),
            ),
            state=ResultState(document["state"]),
            at=from_iso(document["at"]),
            execution_arn=str(document["executionArn"]),
            started_at=from_iso(started) if started else None,
            release_id=document.get("releaseId"),
            attempt=int(document["attempt"]) if "attempt" in document else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _present(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
