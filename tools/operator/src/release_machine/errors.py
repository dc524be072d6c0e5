"""Errors that are shown to the user, each with the exit code of the command."""


class OperatorError(Exception):
    """A problem that a person can solve: what happened, and what to do next."""

    exit_code = 1

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step


class UsageError(OperatorError):
    """The command cannot do what was asked, such as reading a file that does not exist."""

    exit_code = 2


class UnreachableError(OperatorError):
    """AWS, or this deployment of the release machine, does not answer."""

    exit_code = 3


class UnansweredError(UnreachableError):
    """A request failed in such a way that it may have been carried out."""


class LeftOpenError(OperatorError):
    """The workflow execution has ended, but the ledger still has the release as running."""
