"""A condition before a stage: CodePipeline skips the stage while a function says no."""

from typing import Any

_TYPE = {"category": "Rule", "owner": "AWS", "provider": "LambdaInvoke", "version": "1"}
_RULE = {"name": "Gate", "ruleTypeId": _TYPE, "configuration": {"FunctionName": "gate"}}
GATE: dict[str, Any] = {"conditions": [{"result": "SKIP", "rules": [_RULE]}]}
