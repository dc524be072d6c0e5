"""Checking manifest files as the release machine will, with line and column for every problem."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import JSONDecodeError
from typing import Any

from release_core.domain.declarations import Declared
from release_core.errors import ManifestUnreadable
from release_core.manifest.checks import examine, named_pipelines
from release_core.manifest.model import Manifest
from release_core.problems import Problem
from release_core.strict_json import read_json
from release_machine.text.printable import in_one_line
from release_machine.validation.json_places import JsonPlaces, Position
from release_machine.validation.manifest_file import STANDARD_INPUT

type Declarations = Callable[[Sequence[str]], Declared]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong at a position of a file; ``path`` is empty where it is the text itself."""

    position: Position
    path: str
    says: str

    def __str__(self) -> str:
        """What is wrong, for whoever does not look at the text."""
        where = self.path or f"line {self.position.line}, column {self.position.column}"
        return f"{where}: {self.says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file and what is wrong with it; ``manifest`` is there when nothing is.

    ``document`` is the JSON value of the file, as far as it can be read.
    """

    name: str
    manifest: Manifest | None
    findings: Sequence[Finding]
    document: object = None

    def lines(self) -> list[str]:
        """What to tell of it, as compilers tell it."""
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
        """The same for programs."""
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
    """Check a manifest, its pipelines too where ``declarations`` can look them up.

    Without ``now`` its deadline may have passed.
    """
    shown = "stdin" if name == STANDARD_INPUT else name
    try:
        document = read_json(content, place="it")
    except ManifestUnreadable as error:
        return Checked(name=shown, manifest=None, findings=_unreadable(content, error))
    declared = declarations(named_pipelines(document)) if declarations else None
    manifest, problems = examine(document, declared=declared)
    if manifest is not None and now is not None and (past := manifest.past(now)):
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
    """What makes a text no usable JSON, at its position as far as it has one."""
    match error.__cause__:
        case JSONDecodeError() as cause:
            return [_no_json(cause)]
        case UnicodeDecodeError() as cause:
            before = cause.object[: cause.start].decode()
            return [Finding(position=_end_of(before), path="", says=str(error))]
        case ValueError():
            return list(_unusable(content.decode("utf-8-sig"))) or [_at_the_start(error)]
        case _:
            return [_at_the_start(error)]


def _unusable(text: str) -> Iterator[Finding]:
    """What JSON does not have in a text of which the reading was given up."""
    try:
        # It was given up at the first of them: what comes after may be no JSON at all.
        json.loads(text, parse_int=str)
    except JSONDecodeError as cause:
        yield _no_json(cause)
    except RecursionError:
        yield _at_the_start("it is nested too deeply to be a manifest")
    else:
        for place, at, says in JsonPlaces(text).unusable:
            yield Finding(position=at, path=Problem(place, says).path, says=says)


def _no_json(cause: JSONDecodeError) -> Finding:
    at = Position(line=cause.lineno, column=cause.colno)
    return Finding(position=at, path="", says=f"no JSON: {cause.msg}")


def _at_the_start(said: object) -> Finding:
    return Finding(position=Position(line=1, column=1), path="", says=str(said))


def _end_of(text: str) -> Position:
    return Position(line=text.count("\n") + 1, column=len(text) - text.rfind("\n"))
