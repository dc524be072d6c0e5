"""The settings of the functions, read from their environment variables."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TypeVar

from release_core.errors import SettingsInvalid
from release_core.immutable import Immutable

Settings = TypeVar("Settings")


class FunctionSettings(Immutable):
    """The settings that every function has.

    ``record_retention_days`` is how long records of pipeline executions are kept; ``event_bus`` is
    the bus that outcomes are announced on. ``change_calendars`` are the names or ARNs of the change
    calendars that must be open when a pipeline is started. ``deployment`` is the name of this
    deployment in metrics and events; functions of an earlier version do not have it.
    """

    releases_table: str
    executions_table: str
    pipelines_table: str
    record_retention_days: int
    event_bus: str
    change_calendars: tuple[str, ...] = ()
    deployment: str = "release-machine"


class OpenReleaseSettings(FunctionSettings):
    """The settings of open_release.

    ``look_after_seconds`` is how long a task waits for an event before it looks by itself.
    ``manifest_bucket`` is the only bucket whose objects are manifests.
    ``pipeline_name_patterns`` match the names of the pipelines that may be released; the variable
    separates them with commas. ``deployed_version`` is for people who look at it;
    functions of an earlier version do not have it.
    """

    look_after_seconds: int
    pipeline_name_patterns: tuple[str, ...]
    manifest_bucket: str
    deployed_version: str = ""


class CloseReleaseSettings(FunctionSettings):
    """The settings of close_release.

    ``manifest_bucket`` is the only bucket whose objects are manifests. ``release_retention_days``
    is how long the records of closed releases are kept; 0 is for ever.
    """

    manifest_bucket: str
    release_retention_days: int = 0


class AnswerApprovalSettings(FunctionSettings):
    """The settings of answer_approval.

    ``session_names_are_pinned`` says that a caller cannot choose the name of a role session.
    """

    session_names_are_pinned: bool


class NotifyPeopleSettings(Immutable):
    """The settings of notify_people: ``people_topic`` is the ARN of the SNS topic."""

    people_topic: str


def read_settings(kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """Read each setting from the variable with its name in capitals.

    A setting with a default may be missing. Raises SettingsInvalid, which names every variable that
    is missing or has another type.
    """
    values: dict[str, str | bool | int | tuple[str, ...]] = {}
    problems = []
    for field in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        variable = field.name.upper()
        text = environment.get(variable, "")
        if not text and field.default is not MISSING:
            continue
        if not text:
            problems.append(f"{variable} is not set")
        elif field.type is bool and text not in {"true", "false"}:
            problems.append(f"{variable} must be true or false, not {text!r}")
        elif field.type is bool:
            values[field.name] = text == "true"
        elif field.type is int and not text.isdecimal():
            problems.append(f"{variable} must be a whole number, not {text!r}")
        elif field.type is int:
            values[field.name] = int(text)
        else:
            values[field.name] = text if field.type is str else tuple(text.split(","))
    if problems:
        raise SettingsInvalid(f"{kind.__name__}: " + "; ".join(problems))
    return kind(**values)
