"""The chosen deployment and the access to AWS: options, environment, configuration file."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_machine.errors import UsageError

FILE = "release-machine.toml"
DEFAULT = "default"
NAME_PREFIX = "release-machine"
WAYS = ("outputs", "deployment", "name_prefix")
_KEYS = ("outputs", "name_prefix", "profile", "region", "endpoint_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A deployment, by its outputs file or its name; None leaves a value to boto3."""

    outputs: Path | None = None
    name_prefix: str = NAME_PREFIX
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None


@dataclass(slots=True)
class Given:
    """The options by name, from the command line and from the environment."""

    command_line: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


def choose_target(given: Given, *, folder: Path, home: Path) -> Target:
    """The chosen deployment; the configuration file is searched from ``folder`` upwards.

    Raises UsageError.
    """
    way, value = _way(given)
    entry: Mapping[str, str] = {}
    if way == "outputs":
        entry = {"outputs": value}
    elif way == "name_prefix":
        entry = {"name_prefix": value}
    else:
        found = find_configuration(folder, home=home)
        if found is not None:
            entry = Configuration(found).entry(value or None)
        elif way == "deployment":
            raise UsageError(
                f"There is no configuration file with a deployment {value}.",
                f"Write {FILE} in this folder or one above it, with a table [{value}].",
            )
    # The access to AWS on the command line replaces that of the configuration.
    access = {name: value for name, value in given.command_line.items() if name not in WAYS}
    outputs = entry.get("outputs")
    named = {name: value for name, value in entry.items() if name != "outputs"}
    return Target(outputs=Path(outputs) if outputs else None, **{**named, **access})


def _way(given: Given) -> tuple[str | None, str]:
    named = [name for name in WAYS if name in given.command_line]
    if len(named) > 1:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in named)
        raise UsageError(f"{options} both choose a deployment.", "Give only one of them.")
    for values in (given.command_line, given.environment):
        for name in WAYS:
            if name in values:
                return name, values[name]
    return None, ""


def find_configuration(folder: Path, *, home: Path) -> Path | None:
    """The configuration file of a folder or the nearest one above it, otherwise the user's."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = [each / FILE for each in (folder, *folder.parents)]
    return next(
        (each for each in (*places, own / "release-machine/config.toml") if each.is_file()), None
    )


class Configuration:
    """A file with a table for each deployment; [default] needs no name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._text = path.read_text(encoding="utf-8")
            self._tables = tomllib.loads(self._text)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror}.", "Correct the file."
            ) from error
        except ValueError as error:
            raise UsageError(f"{path} is not TOML: {error}.", "Correct the file.") from error

    @property
    def names(self) -> list[str]:
        """The names of the deployments in the file."""
        return list(self._tables)

    def entry(self, name: str | None) -> Mapping[str, str]:
        """The values of a deployment; without a name, of the default deployment."""
        problems = list(self._problems())
        if problems:
            raise UsageError(
                "\n".join(problems),
                f"Write a table [NAME] for each deployment, with {', '.join(_KEYS)} as text.",
            )
        chosen = name or self._default_name()
        if chosen not in self._tables:
            raise UsageError(
                f"{self._path} has no deployment {chosen}.", f"It has: {', '.join(self._tables)}."
            )
        entry: dict[str, str] = dict(self._tables[chosen])
        if "outputs" in entry:
            entry["outputs"] = str(self._path.parent / Path(entry["outputs"]).expanduser())
        return entry

    def _default_name(self) -> str:
        names = list(self._tables)
        if DEFAULT in names:
            return DEFAULT
        if not names:
            raise UsageError(f"{self._path} has no deployment.", f"Write a table [{DEFAULT}].")
        if len(names) != 1:
            raise UsageError(
                f"{self._path} has {len(names)} deployments and no [{DEFAULT}].",
                f"Choose one with --deployment: {', '.join(names)}.",
            )
        return names[0]

    def _problems(self) -> Iterator[str]:
        for name, table in self._tables.items():
            if not isinstance(table, dict):
                yield f"{self._at(None, name)}: {name} is not a table."
                continue
            for key, value in table.items():
                if key not in _KEYS:
                    yield f"{self._at(name, key)}: [{name}] has an unknown key {key}."
                elif not isinstance(value, str) or not value:
                    yield f"{self._at(name, key)}: {key} of [{name}] is not text."
            if "outputs" in table and "name_prefix" in table:
                yield (
                    f"{self._at(name, 'name_prefix')}: [{name}] has outputs and name_prefix; "
                    "give only one of them."
                )

    def _at(self, table: str | None, key: str) -> str:
        """File and line of a key: tomllib does not report lines, but the format is simple."""
        present: str | None = None
        for number, line in enumerate(self._text.splitlines(), start=1):
            if header := re.match(r"\s*\[\s*\"?([^\]\"]+?)\"?\s*\]", line):
                present = header[1]
            elif present == table and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
                return f"{self._path}:{number}"
        return str(self._path)
