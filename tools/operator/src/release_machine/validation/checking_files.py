"""Checks manifest files as the release machine does; each problem has a line and a column."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import JSONDecodeError
from typing import Any

from release_core.domain.declarations import Declared
from release_core.errors import ManifestUnreadable
from release_core.manifest.checks import examine, named_pipelines, release_id_of
from release_core.manifest.model import Manifest
from release_core.problems import Problem
from release_core.strict_json import read_json, syntax_problem
from release_machine.text.printable import in_one_line
from release_machine.validation.json_places import JsonPlaces, Position
from release_machine.validation.manifest_file import STANDARD_INPUT

type Declarations = Callable[[Sequence[str]], Declared]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem at a position of a file; ``path`` is empty when the text is not JSON."""

    position: Position
    path: str
    says: str

    def __str__(self) -> str:
        """The problem, with its path where there is one, else with its position."""
        where = self.path or f"line {self.position.line}, column {self.position.column}"
        return f"{where}: {self.says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A file and its problems; ``manifest`` is None when there are any.

    ``release_id`` is the id in the file, if it can be read.
    """

    name: str
    manifest: Manifest | None
    findings: Sequence[Finding]
    release_id: str | None = None

    def lines(self) -> list[str]:
        """The result as lines for people, in the form that compilers use."""
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

    def document(self) -> Mapping[str, Any]:
        """The result as a JSON document for programs."""
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
    """Check a manifest, and with ``declarations`` its pipelines.

    Without ``now`` the deadline may have passed.
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
    places = JsonPlaces(content.decode("utf-8-sig"))
    findings = [
        Finding(position=places.find(problem.place), path=problem.path, says=problem.says)
        for problem in problems
    ]
    findings.sort(key=lambda each: (each.position.line, each.position.column))
    return Checked(
        name=shown,
        manifest=None if findings else manifest,
        findings=findings,
        release_id=release_id_of(document),
    )


def _unreadable(content: bytes, error: ManifestUnreadable) -> list[Finding]:
    """The problems of a text that cannot be used, each at its position or at the start."""
    match error.__cause__:
        case JSONDecodeError() as cause:
            return [_not_json(cause)]
        case UnicodeDecodeError() as cause:
            before = cause.object[: cause.start].decode()
            return [Finding(position=_end_of(before), path="", says=str(error))]
        case ValueError():
            return list(_unusable(content.decode("utf-8-sig"))) or [_at_the_start(error)]
        case _:
            return [_at_the_start(error)]


def _unusable(text: str) -> Iterator[Finding]:
    """All repeated keys and wrong numbers of a text, or the first syntax error."""
    try:
        # The reading stopped at the first of them; the rest may not be JSON.
        json.loads(text, parse_int=str)
    except JSONDecodeError as cause:
        yield _not_json(cause)
    except RecursionError:
        yield _at_the_start("it is nested too deeply for a manifest")
    else:
        for place, at, says in JsonPlaces(text).unusable:
            yield Finding(position=at, path=Problem(place, says).path, says=says)


def _not_json(cause: JSONDecodeError) -> Finding:
    at = Position(line=cause.lineno, column=cause.colno)
    return Finding(position=at, path="", says=f"not JSON: {syntax_problem(cause)}")


def _at_the_start(said: object) -> Finding:
    return Finding(position=Position(line=1, column=1), path="", says=str(said))


def _end_of(text: str) -> Position:
    return Position(line=text.count("\n") + 1, column=len(text) - text.rfind("\n"))
