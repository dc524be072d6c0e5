"""Change calendars, and functions that ask them although the deployment has none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps

import boto3

from tests.e2e.account.account import Account
from tests.e2e.account.versions import LIVE, Build, running, variables_of

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
        alias = self.account.functions.get_alias(FunctionName=function, Name=LIVE)
        pattern = {"source": ["aws.ssm"], "detail": {"state": ["OPEN"]}}
        events.put_rule(Name=name, EventPattern=dumps(pattern))
        target = {"Id": "change-freeze", "Arn": alias["AliasArn"]}
        events.put_targets(Rule=name, Targets=[target])  # type: ignore[list-item] # these two do
        try:
            yield
        finally:
            events.remove_targets(Rule=name, Ids=["change-freeze"])
            events.delete_rule(Name=name)

    @contextmanager
    def _configured(self, functions: tuple[str, ...], calendars: str) -> Iterator[None]:
        before = {each: variables_of(self.account, each) for each in functions}
        asking = {
            function: variables | {"CHANGE_CALENDARS": calendars}
            for function, variables in before.items()
        }
        with running(self.account, _builds(asking), _builds(before)):
            yield


def _builds(environments: dict[str, dict[str, str]]) -> dict[str, Build]:
    return {
        function: Build(settings={"Environment": {"Variables": variables}})
        for function, variables in environments.items()
    }


def _text(kind: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-CALENDAR-TYPE:{kind}\r\nEND:VCALENDAR\r\n"
