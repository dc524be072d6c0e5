"""The settings of each function, read from its environment when first needed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from release_core.errors import SettingsInvalid


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """What every function needs.

    RECORD_RETENTION_DAYS is how long executions are kept, EVENT_BUS where outcomes are announced.
    """

    releases_table: str
    executions_table: str
    pipelines_table: str
    record_retention_days: int
    event_bus: str


@dataclass(frozen=True, kw_only=True)
class OpenReleaseSettings(FunctionSettings):
    """What open_release needs.

    LOOK_AFTER_SECONDS is how long a token task waits for news. PIPELINE_NAME_PATTERNS are of the
    pipelines that may be released, with commas between them.
    """

    look_after_seconds: int
    pipeline_name_patterns: tuple[str, ...]


def read_settings[Settings](kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """The settings of one function, each from the variable that has its name in capitals.

    Raises SettingsInvalid, naming every variable that is missing or not a whole number.
    """
    values: dict[str, str | int | tuple[str, ...]] = {}
    problems = []
    for field in fields(kind):  # type: ignore[arg-type]  # bounded by use: always a dataclass
        variable = field.name.upper()
        text = environment.get(variable, "")
        if not text:
            problems.append(f"{variable} is not set")
        elif field.type is int and not text.isdecimal():
            problems.append(f"{variable} must be a whole number, not {text!r}")
        elif field.type is int:
            values[field.name] = int(text)
        else:
            values[field.name] = text if field.type is str else tuple(text.split(","))
    if problems:
        raise SettingsInvalid(f"{kind.__name__}: " + "; ".join(problems))
    return kind(**values)
