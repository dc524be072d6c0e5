"""The ledger of a function: all reads, and a class of writes for each kind of item."""

from datetime import timedelta
from typing import TYPE_CHECKING

from release_core.clock import Clock
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Table
from release_core.ledger.executions import Executions
from release_core.ledger.expirations import Expirations
from release_core.ledger.freezes import Freezes
from release_core.ledger.headers import Headers
from release_core.ledger.holds import Holds
from release_core.ledger.line import Line
from release_core.ledger.locks import Locks
from release_core.ledger.notes import Notes
from release_core.ledger.openings import Openings
from release_core.ledger.pace import Pace
from release_core.ledger.pipelines import Pipelines
from release_core.ledger.reader import LedgerReader, LedgerTables
from release_core.ledger.votes import Votes

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Ledger(LedgerReader):
    """Reads and writes the three tables; ``who`` is the function's name, for the audit.

    Records of executions that belong to a release are kept for ``retention``.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        tables: LedgerTables,
        *,
        clock: Clock,
        who: str,
        retention: timedelta,
    ) -> None:
        super().__init__(client, tables)
        author = Author(clock=clock, name=who)
        self.headers = Headers(self._releases, author)
        self.pipelines = Pipelines(self._releases, author)
        self.notes = Notes(self._releases, author)
        self.votes = Votes(self._releases, author)
        self.line = Line(self._releases)
        self.pace = Pace(self._releases)
        self.freezes = Freezes(self._releases, author)
        self.holds = Holds(client, self._releases, author)
        keys = Table(client, tables.releases, attributes=("release_id", "item"))
        self.expirations = Expirations(client, self._releases, keys, author)
        self.openings = Openings(client, self._releases, author)
        self.executions = Executions(self._executions, author, retention=retention)
        self.locks = Locks(client, self._pipelines, self._releases, author)
