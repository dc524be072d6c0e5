"""Change calendars, and functions that ask them although the deployment has none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps

import boto3

from tests.e2e.account.account import Account

# Which permissions a calendar needs is judged for this name (tests/least_privilege).
NAME = "closed-at-night"
_STARTERS = ("run_pipeline", "record_state_change")


@dataclass(frozen=True)
class Calendars:
    """Makes calendars, and lets the functions ask one as `change_calendars` would."""

    account: Account

    @contextmanager
    def asked(self, kind: str) -> Iterator[str]:
        """Make a calendar of this kind that is asked before every start; gives its name."""
        name, ssm = NAME, boto3.client("ssm")
        ssm.create_document(
            Name=name, Content=_text(kind), DocumentType="ChangeCalendar", DocumentFormat="TEXT"
        )
        try:
            with self._wakes(name), self._configured(_STARTERS, name):
                yield name
        finally:
            ssm.delete_document(Name=name)

    def change(self, name: str, kind: str) -> None:
        """Give a calendar another kind, as the console does: a new version, made the default."""
        ssm = boto3.client("ssm")
        made = ssm.update_document(
            Name=name, Content=_text(kind), DocumentFormat="TEXT", DocumentVersion="$LATEST"
        )
        version = made["DocumentDescription"]["DocumentVersion"]
        ssm.update_document_default_version(Name=name, DocumentVersion=version)

    @contextmanager
    def _wakes(self, name: str) -> Iterator[None]:
        """Send the event of the calendar that opens to change_freeze, as infra/events.tf does."""
        events, function = self.account.events, self.account.function("change_freeze")
        described = self.account.functions.get_function_configuration(FunctionName=function)
        pattern = {"source": ["aws.ssm"], "detail": {"state": ["OPEN"]}}
        events.put_rule(Name=name, EventPattern=dumps(pattern))
        target = {"Id": "change-freeze", "Arn": described["FunctionArn"]}
        events.put_targets(Rule=name, Targets=[target])  # type: ignore[list-item] # these two do
        try:
            yield
        finally:
            events.remove_targets(Rule=name, Ids=["change-freeze"])
            events.delete_rule(Name=name)

    @contextmanager
    def _configured(self, functions: tuple[str, ...], calendars: str) -> Iterator[None]:
        before = {function: self._variables(function) for function in functions}
        try:
            for function, variables in before.items():
                self._configure(function, variables | {"CHANGE_CALENDARS": calendars})
            yield
        finally:
            for function, variables in before.items():
                self._configure(function, variables)

    def _variables(self, function: str) -> dict[str, str]:
        name = self.account.function(function)
        described = self.account.functions.get_function_configuration(FunctionName=name)
        return described["Environment"]["Variables"]

    def _configure(self, function: str, variables: dict[str, str]) -> None:
        name, client = self.account.function(function), self.account.functions
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
        updated = client.get_waiter("function_updated_v2")
        updated.wait(FunctionName=name, WaiterConfig={"Delay": 1})


def _text(kind: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-CALENDAR-TYPE:{kind}\r\nEND:VCALENDAR\r\n"
