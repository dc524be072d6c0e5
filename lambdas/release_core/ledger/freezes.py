"""The item with the freezes of the deployment, which every start reads with its release."""

from collections.abc import Callable
from typing import TypeAlias

from release_core.clock import to_iso
from release_core.domain.holds import Freeze
from release_core.errors import FreezesFull, FrozenForLonger, LedgerBusy
from release_core.ledger.audit import Author
from release_core.ledger.dynamodb import Item, Table, Update
from release_core.ledger.hold_items import freeze_item, read_freezes
from release_core.ledger.items import freezes_key

# Every start reads all of them, and their audit: with the longest reasons, less than 70 KB.
MAX_FREEZES = 20
# The latest entries about who froze, replaced and lifted what.
MAX_AUDIT = 10
_TRIES = 10

_Change: TypeAlias = tuple[tuple[Freeze, ...], Item]  # the freezes after it, and its audit entry


class Freezes:
    """Writes freezes; one for each scope, and none that has ended."""

    def __init__(self, releases: Table, author: Author) -> None:
        self._releases = releases
        self._author = author

    def put(self, freeze: Freeze) -> Freeze | None:
        """Record a freeze; returns the one with the same scope that it replaces, or None.

        A repeat of a freeze on record changes nothing. Raises FreezesFull, FrozenForLonger if the
        present freeze of the scope ends later, and LedgerBusy as ``lift`` does.
        """
        replaced: Freeze | None = None

        def with_it(freezes: tuple[Freeze, ...]) -> _Change | None:
            nonlocal replaced
            present = next((each for each in freezes if each.scope == freeze.scope), None)
            # Also when an answer was lost: then an earlier try has written it.
            if present and freeze.repeats(present):
                return None
            others = tuple(each for each in freezes if each is not present)
            if len(others) >= MAX_FREEZES:
                scopes = ", ".join(each.scope for each in others)
                raise FreezesFull(
                    f"there are {len(others)} freezes, and no more are possible. Lift one of them "
                    f"({scopes}), or freeze a pattern that covers several"
                )
            if present and freeze.until < present.until:
                raise FrozenForLonger(
                    f"{freeze.scope} is frozen until {to_iso(present.until)} by {present.by}: "
                    f"{present.reason}. To let it end earlier, lift that freeze first: "
                    f"release-machine unfreeze '{freeze.scope}'"
                )
            replaced = present
            return (*others, freeze), self._frozen(freeze, present)

        self._change(with_it)
        return replaced

    def lift(self, scope: str, *, by: str) -> bool:
        """Remove the freeze with this scope; False if there is none.

        Raises LedgerBusy when others write freezes at the same moment, again and again.
        """
        lifted = False

        def without_it(freezes: tuple[Freeze, ...]) -> _Change | None:
            nonlocal lifted
            present = next((each for each in freezes if each.scope == scope), None)
            if present is None:
                return None
            # Also when an answer was lost: then an earlier try has removed it.
            lifted = True
            return tuple(each for each in freezes if each is not present), self._author.audit(
                f"lifted the freeze of {scope} by {present.by}: {present.reason}",
                before=to_iso(present.until),
                after="lifted",
                who=by,
            )

        self._change(without_it)
        return lifted

    def _frozen(self, freeze: Freeze, replaced: Freeze | None) -> Item:
        what = f"froze {freeze.scope}: {freeze.reason}"
        if replaced:
            what += f"; replaced the freeze by {replaced.by}: {replaced.reason}"
        return self._author.audit(
            what,
            before=to_iso(replaced.until) if replaced else None,
            after=to_iso(freeze.until),
            who=freeze.by,
        )

    def _change(self, change: Callable[[tuple[Freeze, ...]], _Change | None]) -> None:
        for _ in range(_TRIES):
            item = next(self._releases.get_all([freezes_key()]), {})
            now, version = self._author.clock(), int(item.get("version", 0))
            changed = change(tuple(each for each in read_freezes(item) if now < each.until))
            if changed is None:
                return
            freezes, entry = changed
            # Race: two people write freezes at the same moment. Neither freeze is lost.
            as_seen = "#version = :seen" if version else "attribute_not_exists(#version)"
            written = self._releases.update(
                freezes_key(),
                Update(
                    put={
                        "freezes": [freeze_item(each) for each in freezes],
                        "audit": [*item.get("audit", ()), entry][-MAX_AUDIT:],
                        "version": version + 1,
                    },
                    condition=as_seen,
                    values={"seen": version} if version else {},
                ),
            )
            if written.applied:
                return
        raise LedgerBusy("others write freezes at the same moment: try again")
