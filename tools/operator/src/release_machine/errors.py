"""What can go wrong for the person at the keyboard.

OperatorError         exit code 1
├── UsageError        exit code 2   a file, option or release that is not there
├── UnreachableError  exit code 3   AWS or the deployment does not answer
└── LeftOpenError     exit code 1   the execution ended, the ledger was never told
"""


class OperatorError(Exception):
    """A problem that people can act on: what happened, and what to do next."""

    exit_code = 1

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step


class UsageError(OperatorError):
    """What was asked for cannot be done as it was asked."""

    exit_code = 2


class UnreachableError(OperatorError):
    """AWS, or this deployment of the release machine, did not answer."""

    exit_code = 3


class LeftOpenError(OperatorError):
    """The execution has ended, but the ledger still says that the release runs."""
