"""Applies the repairs before LocalStack loads a service."""

import importlib

from localstack.runtime import hooks

from localstack_fixes import startup_heap

REPAIRS = (
    "alias_destinations",
    "caller_identity",
    "copied_aliases",
    "dynamodb_local",
    "environment_registry",
    "event_keys",
    "event_targets",
    "execution_input",
    "failed_functions",
    "parsed_once",
    "sns_emails",
    "stopped_execution",
    "task_tokens",
    "unreached_functions",
    "unseen_executions",
)


@hooks.on_infra_start(priority=30)  # type: ignore[untyped-decorator] # LocalStack ships without types
def repair_localstack() -> None:
    """Applies each repair; eager loading of services, at priority 0, comes after."""
    for repair in REPAIRS:
        # Imported late: LocalStack is being set up until then.
        importlib.import_module(f"localstack_fixes.{repair}").apply()


@hooks.on_infra_ready()  # type: ignore[untyped-decorator] # LocalStack ships without types
def spare_startup_heap() -> None:
    """Keeps pauses short: see the module."""
    startup_heap.freeze()
