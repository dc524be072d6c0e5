"""The item that spreads the starts of a deployment: those that AWS throttles, or that were held."""

from datetime import UTC, datetime, timedelta

from release_core.errors import LedgerBusy
from release_core.ledger.dynamodb import Item, Table, Update
from release_core.ledger.items import ALL_RELEASES

_KEY: Item = {"release_id": ALL_RELEASES, "item": "pace"}
_TRIES = 5


class Pace:
    """Gives each of these starts a turn of its own, over all releases of the deployment."""

    def __init__(self, releases: Table) -> None:
        self._releases = releases

    def take_turn(self, now: datetime, *, apart: timedelta) -> datetime:
        """The time at which a start is tried; turns are this far apart.

        Raises LedgerBusy when other functions take turns at the same moment, again and again.
        """
        moment, step = _milliseconds(now), apart // timedelta(milliseconds=1)
        # Race: two functions take the next turn. Each addition returns another one.
        turns_are_taken = Update(
            add={"next": step}, condition="#next >= :now", values={"now": moment}
        )
        # Race: two functions take the first turn after a pause. The second one finds that of the
        # first, and adds to it.
        nobody_waits = Update(
            put={"next": moment + step},
            condition="attribute_not_exists(#next) OR #next < :now",
            values={"now": moment},
        )
        for update in (turns_are_taken, nobody_waits) * _TRIES:
            written = self._releases.update(_KEY, update)
            if written.applied:
                return datetime.fromtimestamp(int(written.item["next"]) / 1000, UTC)
        raise LedgerBusy("other functions take turns for starts at the same moment")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
