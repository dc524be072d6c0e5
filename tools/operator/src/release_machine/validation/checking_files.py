"""Checks manifest files as the release machine does; each problem has a line and a column."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import JSONDecodeError
from typing import Any, TypeAlias

from release_core.domain.declarations import Declared
from release_core.errors import ManifestUnreadable
from release_core.manifest.checks import examine, named_pipelines
from release_core.manifest.model import Manifest
from release_core.problems import Problem
from release_core.strict_json import read_json, syntax_problem
from release_machine.text.printable import in_one_line
from release_machine.validation.json_places import JsonPlaces, Position
from release_machine.validation.manifest_file import STANDARD_INPUT

Declarations: TypeAlias = Callable[[Sequence[str]], Declared]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem at a position of a file; ``path`` is empty when the text is not valid JSON."""

    position: Position
    path: str
    says: str

    def __str__(self) -> str:
        """The problem with its path, or else with its position."""
        where = self.path or f"line {self.position.line}, column {self.position.column}"
        return f"{where}: {self.says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file with its problems, or with its manifest when it is valid.

    ``document`` is the JSON value of the file, as far as it can be read.
    """

    name: str
    manifest: Manifest | None
    findings: Sequence[Finding]
    document: object = None

    def lines(self) -> list[str]:
        """The result as lines for people, in the format of compilers."""
        if self.manifest is not None:
            count = len(self.manifest.pipelines)
            pipelines = "1 pipeline" if count == 1 else f"{count} pipelines"
            return [f"{self.name}: valid, release {self.manifest.release_id}, {pipelines}"]
        return [
            in_one_line(
                f"{self.name}:{each.position.line}:{each.position.column}: "
                f"{f'{each.path}: ' if each.path else ''}{each.says}"
            )
            for each in self.findings
        ]

    def report(self) -> Mapping[str, Any]:
        """The result for programs."""
        return {
            "file": self.name,
            "valid": self.manifest is not None,
            "releaseId": self.manifest.release_id if self.manifest else None,
            "pipelines": list(self.manifest.names) if self.manifest else None,
            "problems": [
                {
                    "line": each.position.line,
                    "column": each.position.column,
                    "path": each.path or None,
                    "message": each.says,
                }
                for each in self.findings
            ],
        }


def check_content(
    name: str,
    content: bytes,
    *,
    now: datetime | None = None,
    declarations: Declarations | None = None,
) -> Checked:
    """Check a manifest; with ``declarations`` also against its pipelines.

    Without ``now`` a deadline that has passed is accepted.
    """
    shown = "stdin" if name == STANDARD_INPUT else name
    try:
        document = read_json(content, place="the file")
    except ManifestUnreadable as error:
        return Checked(name=shown, manifest=None, findings=_unreadable(content, error))
    declared = declarations(named_pipelines(document)) if declarations else None
    manifest, problems = examine(document, declared=declared)
    if manifest is not None and now is not None and (past := manifest.untimely(now)):
        problems = [*problems, past]
    findings = _located(problems, content.decode("utf-8-sig")) if problems else []
    return Checked(
        name=shown,
        manifest=None if findings else manifest,
        findings=findings,
        document=document,
    )


def _located(problems: Sequence[Problem], text: str) -> list[Finding]:
    """The problems at their positions in the text, from top to bottom."""
    places = JsonPlaces(text)
    findings = [
        Finding(position=places.find(each.place), path=each.path, says=each.says)
        for each in problems
    ]
    return sorted(findings, key=lambda each: (each.position.line, each.position.column))


def _unreadable(content: bytes, error: ManifestUnreadable) -> list[Finding]:
    """Why a text cannot be read as JSON, with the position where there is one."""
    match error.__cause__:
        case JSONDecodeError() as cause:
            return [_not_json(cause)]
        case UnicodeDecodeError() as cause:
            before = cause.object[: cause.start].decode()
            return [Finding(position=_end_of(before), path="", says=str(error))]
        case ValueError():
            return list(_beyond_json(content.decode("utf-8-sig"))) or [_at_start(error)]
        case _:
            return [_at_start(error)]


def _beyond_json(text: str) -> Iterator[Finding]:
    """Repeated keys and invalid numbers in a text that Python reads as JSON."""
    try:
        # Reading has stopped at the first of them; the rest of the text may be invalid, too.
        json.loads(text, parse_int=str)
    except JSONDecodeError as cause:
        yield _not_json(cause)
    except RecursionError:
        yield _at_start("it is nested too deeply for a manifest")
    else:
        for place, at, says in JsonPlaces(text).unusable:
            yield Finding(position=at, path=Problem(place, says).path, says=says)


def _not_json(cause: JSONDecodeError) -> Finding:
    at = Position(line=cause.lineno, column=cause.colno)
    return Finding(position=at, path="", says=f"not JSON: {syntax_problem(cause)}")


def _at_start(problem: object) -> Finding:
    return Finding(position=Position(line=1, column=1), path="", says=str(problem))


def _end_of(text: str) -> Position:
    return Position(line=text.count("\n") + 1, column=len(text) - text.rfind("\n"))
