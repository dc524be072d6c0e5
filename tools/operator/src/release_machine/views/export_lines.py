"""All records as lines of JSON, with the keys that docs/operating.md describes."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from release_core.clock import to_iso
from release_core.domain.execution import Execution
from release_core.domain.queue import PipelineRecord, Place
from release_core.ledger.records import RecordsReader
from release_machine.text.printable import json_text
from release_machine.views.json_output import Json, document, part, release_document

# Additions only, as long as this stays the same.
SCHEMA_VERSION = "1"


def export_lines(
    records: RecordsReader, *, deployment: str, since: datetime, at: datetime
) -> Iterator[str]:
    """The lines of an export: a first one, one for each record, and a last one with the counts.

    ``deployment`` is the ARN of its state machine, and ``at`` the present time. An export without
    its last line is not complete.
    """
    first = {"schemaVersion": SCHEMA_VERSION, "deployment": deployment}
    yield _line("export", {**first, "since": to_iso(since), "at": to_iso(at)})
    counts: Counter[str] = Counter()
    for record, body in _records(records, since=since):
        counts[record] += 1
        yield _line(record, body)
    kinds = ("release", "execution", "pipeline", "freeze")
    yield _line("end", {f"{kind}s": counts[kind] for kind in kinds})


def _records(records: RecordsReader, *, since: datetime) -> Iterator[tuple[str, Json]]:
    for release in records.releases(since=since):
        yield "release", release_document(release)
    for waiting in records.pending():
        yield "release", release_document(waiting)
    for execution in records.executions(since=since):
        yield "execution", _execution(execution)
    for pipeline in records.pipelines():
        yield "pipeline", _pipeline(pipeline)
    for freeze in records.get_freezes():
        yield "freeze", document(freeze)


def _execution(execution: Execution) -> Json:
    return part(execution, "executionId pipeline releaseId attempt changes")


def _pipeline(pipeline: PipelineRecord) -> Json:
    holder, good = pipeline.lock.holder, pipeline.last_good
    return {
        "name": pipeline.lock.pipeline,
        "latestRelease": pipeline.latest_release,
        # Not its variables: their names are not read, because their values would come with them.
        "lastGood": part(good, "releaseId executionId at revisions") if good else None,
        "heldBy": part(holder, "releaseId executionArn since") if holder else None,
        "queue": [_place(each) for each in pipeline.lock.queue],
    }


def _place(place: Place) -> Json:
    return part(place, "releaseId executionArn since")


def _line(record: str, body: Json) -> str:
    return json_text({"record": record, **body})
