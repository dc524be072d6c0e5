"""Starts executions of a state machine that has an alias.

LocalStack copies the state machine for each execution, with its aliases. An alias holds a lock,
which cannot be copied, so every StartExecution of such a state machine fails.
"""


def apply() -> None:
    """Lets the copy share the aliases: an execution never changes them."""
    # Imported late, so that LocalStack is set up first.
    from localstack.services.stepfunctions.backend.alias import Alias  # noqa: PLC0415 - as above

    Alias.__deepcopy__ = _shared


def _shared[Alias](alias: Alias, _memo: dict[int, object]) -> Alias:
    return alias
