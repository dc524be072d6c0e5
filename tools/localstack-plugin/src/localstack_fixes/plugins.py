"""Applies the repairs before LocalStack loads a service."""

from localstack.runtime import hooks


@hooks.on_infra_start(priority=30)  # type: ignore[untyped-decorator] # LocalStack ships without types
def repair_localstack() -> None:
    """Applies each repair; eager loading of services, at priority 0, comes after."""
    from localstack_fixes import (  # noqa: PLC0415 - LocalStack is being set up until then
        caller_identity,
        content_types,
        dynamodb_local,
        environment_registry,
        event_keys,
        execution_input,
        parsed_paths,
        stopped_execution,
        task_tokens,
    )

    caller_identity.apply()
    content_types.apply()
    dynamodb_local.apply()
    environment_registry.apply()
    event_keys.apply()
    execution_input.apply()
    parsed_paths.apply()
    stopped_execution.apply()
    task_tokens.apply()


@hooks.on_infra_ready()  # type: ignore[untyped-decorator] # LocalStack ships without types
def spare_startup_heap() -> None:
    """Keeps pauses short: see the module."""
    from localstack_fixes import startup_heap  # noqa: PLC0415 - as above

    startup_heap.freeze()
