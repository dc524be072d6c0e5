"""Keeps failed events where the configuration of the invoked alias says.

Lambda has a configuration for asynchronous invocations for each alias and version, and uses that of
the qualifier that was invoked. LocalStack uses that of the version behind an alias.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

_QUALIFIER = 7  # the position in arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER


def apply() -> None:
    """Lets each event be handled with the configuration of its qualifier."""
    # Imported late: LocalStack is being set up until then.
    from localstack.services.lambda_.invocation.event_manager import Poller  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    patch(Poller.handle_message)(handle)


def handle(handle_message: Callable[..., None], poller: Any, message: Mapping[str, Any]) -> None:
    """Handle one event; LocalStack finds the configuration of its qualifier at the version."""
    manager = poller.version_manager
    configurations = manager.function.event_invoke_configs
    parts = json.loads(message["Body"])["invoked_arn"].split(":")
    invoked = parts[_QUALIFIER] if len(parts) > _QUALIFIER else "$LATEST"
    as_invoked = {manager.function_version.id.qualifier: configurations.get(invoked)}
    function = _With(manager.function, event_invoke_configs=as_invoked)
    handle_message(_With(poller, version_manager=_With(manager, function=function)), message)


class _With:
    """An object with some attributes replaced; all others are those of the object."""

    def __init__(self, shown: Any, **replaced: Any) -> None:
        self.__dict__.update(replaced)
        self._shown = shown

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shown, name)
