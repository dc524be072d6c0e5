"""The item with the freezes of the deployment, which every start reads with its release."""

from collections.abc import Callable

from release_core.domain.holds import Freeze
from release_core.errors import FreezesFull, LedgerBusy
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Table, Update
from release_core.ledger.hold_items import freeze_item, read_freezes
from release_core.ledger.items import freezes_key

# Every start reads all of them: so many, with the longest reasons, are less than 40 KB.
MAX_FREEZES = 20
_TRIES = 10


class Freezes:
    """Writes freezes; one for each scope, and none that has ended."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def put(self, freeze: Freeze) -> None:
        """Record a freeze, in place of the one with the same scope, if any.

        Raises FreezesFull, and LedgerBusy as ``lift`` does.
        """

        def with_it(freezes: tuple[Freeze, ...]) -> tuple[Freeze, ...]:
            others = tuple(each for each in freezes if each.scope != freeze.scope)
            if len(others) >= MAX_FREEZES:
                scopes = ", ".join(each.scope for each in others)
                raise FreezesFull(
                    f"there are {len(others)} freezes, and no more are possible. Lift one of them "
                    f"({scopes}), or freeze a pattern that covers several"
                )
            return (*others, freeze)

        self._change(with_it)

    def lift(self, scope: str) -> bool:
        """Remove the freeze with this scope; False if there is none.

        Raises LedgerBusy when others write freezes at the same moment, again and again.
        """
        lifted = False

        def without_it(freezes: tuple[Freeze, ...]) -> tuple[Freeze, ...]:
            nonlocal lifted
            others = tuple(each for each in freezes if each.scope != scope)
            # Also when an answer was lost: then an earlier try has removed it.
            lifted = lifted or others != freezes
            return others

        self._change(without_it)
        return lifted

    def _change(self, change: Callable[[tuple[Freeze, ...]], tuple[Freeze, ...]]) -> None:
        for _ in range(_TRIES):
            item = next(self._releases.get_all([freezes_key()]), {})
            now, version = self._author.clock(), int(item.get("version", 0))
            present = tuple(each for each in read_freezes(item) if now < each.until)
            # Race: two people write freezes at the same moment. Neither freeze is lost.
            as_seen = "#version = :seen" if version else "attribute_not_exists(#version)"
            written = self._releases.update(
                freezes_key(),
                Update(
                    put={
                        "freezes": [freeze_item(each) for each in change(present)],
                        "version": version + 1,
                    },
                    condition=as_seen,
                    values={"seen": version} if version else {},
                ),
            )
            if written.applied:
                return
        raise LedgerBusy("others write freezes at the same moment: try again")
