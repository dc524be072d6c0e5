"""The deployed EventBridge rules, and how to lose an event."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.account.account import Account
from tests.e2e.account.listener import Listener
from tests.e2e.account.versions import LIVE
from tests.e2e.account.waiting import wait_until

if TYPE_CHECKING:
    from types_boto3_events.type_defs import DescribeRuleResponseTypeDef


@dataclass(frozen=True)
class Rules:
    """Loses the event of one workflow execution's end."""

    account: Account

    @contextmanager
    def end_lost(self, execution_arn: str) -> Iterator[None]:
        """Keep the event of an execution's end, which the block causes, from close_release."""
        events, bus = self.account.events, self.account.outputs["event_bus"]
        name, rule = self._rule_of("close_release")
        pattern = json.loads(rule["EventPattern"])
        deaf = {**pattern["detail"], "executionArn": [{"anything-but": [execution_arn]}]}
        listener = Listener(self.account, {**pattern, "detail": {"executionArn": [execution_arn]}})
        events.put_rule(
            Name=name,
            EventBusName=bus,
            Description=rule["Description"],
            EventPattern=json.dumps({**pattern, "detail": deaf}),
        )
        try:
            yield
            wait_until("the event of the end has passed the bus", lambda: _ends(listener))
        finally:
            events.put_rule(
                Name=name,
                EventBusName=bus,
                Description=rule["Description"],
                EventPattern=rule["EventPattern"],
            )
            listener.stop()

    def _rule_of(self, function: str) -> tuple[str, "DescribeRuleResponseTypeDef"]:
        """Return the rule that sends a function events, not the hourly one."""
        arn = self.account.functions.get_alias(
            FunctionName=self.account.function(function), Name=LIVE
        )["AliasArn"]
        bus = self.account.outputs["event_bus"]
        names = self.account.events.list_rule_names_by_target(TargetArn=arn, EventBusName=bus)
        described = {
            name: self.account.events.describe_rule(Name=name, EventBusName=bus)
            for name in names["RuleNames"]
        }
        (found,) = [each for each in described.items() if each[1].get("EventPattern")]
        return found


def _ends(listener: Listener) -> list[object]:
    return [each for each in listener.all() if each["detail"]["status"] != "RUNNING"]
