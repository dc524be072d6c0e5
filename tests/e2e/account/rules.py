"""The deployed rules, and what can be kept from them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.account.account import Account
from tests.e2e.account.hearing import Hearing
from tests.e2e.account.waiting import wait_until

if TYPE_CHECKING:
    from types_boto3_events.type_defs import DescribeRuleResponseTypeDef


@dataclass(frozen=True)
class Rules:
    """Loses events for one execution alone, so that other tests may run beside it."""

    account: Account

    @contextmanager
    def unheard(self, execution_arn: str) -> Iterator[None]:
        """Have the end of an execution lost, which the block brings about."""
        events, bus = self.account.events, self.account.outputs["event_bus"]
        name, rule = self._rule_of("close_release")
        pattern = json.loads(rule["EventPattern"])
        deaf = {**pattern["detail"], "executionArn": [{"anything-but": [execution_arn]}]}
        hearing = Hearing(self.account, {**pattern, "detail": {"executionArn": [execution_arn]}})
        events.put_rule(
            Name=name,
            EventBusName=bus,
            Description=rule["Description"],
            EventPattern=json.dumps({**pattern, "detail": deaf}),
        )
        try:
            yield
            wait_until("the end has been told to others", lambda: _ends(hearing))
        finally:
            events.put_rule(
                Name=name,
                EventBusName=bus,
                Description=rule["Description"],
                EventPattern=rule["EventPattern"],
            )
            hearing.stop()

    def _rule_of(self, function: str) -> tuple[str, "DescribeRuleResponseTypeDef"]:
        """The rule that brings events, not the hour, to a function."""
        arn = self.account.functions.get_function_configuration(
            FunctionName=self.account.function(function)
        )["FunctionArn"]
        bus = self.account.outputs["event_bus"]
        names = self.account.events.list_rule_names_by_target(TargetArn=arn, EventBusName=bus)
        described = {
            name: self.account.events.describe_rule(Name=name, EventBusName=bus)
            for name in names["RuleNames"]
        }
        (found,) = [each for each in described.items() if each[1].get("EventPattern")]
        return found


def _ends(hearing: Hearing) -> list[object]:
    return [each for each in hearing.all() if each["detail"]["status"] != "RUNNING"]
