"""Checks that a manifest was rejected, and that the rejection is on record."""

from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.releases import Releases


class Refusals:
    """Checks workflow executions whose manifest was rejected."""

    def __init__(self, releases: Releases, ledger: Ledger) -> None:
        self._releases = releases
        self._ledger = ledger

    def cause(self, execution_arn: str, error: str, channel: str | None) -> str:
        """Wait for the rejection with this error; return the execution's cause."""
        ended = self._releases.end(execution_arn)
        assert (ended["status"], ended["error"]) == ("FAILED", error)
        # A rejection is no error of the function: only one that crashes fails its task.
        assert self._releases.failed_tasks(execution_arn) == []
        visited = self._releases.visited(execution_arn)
        assert visited == ["OpenRelease", "IsReleaseNew", "ReleaseRejected"]
        header = self._ledger.header(execution_arn)
        assert header["status"] == "REJECTED"
        assert header["why"] == f"{error}: {ended['cause']}"
        assert header.get("channel") == channel
        return ended["cause"]
