"""What a person can do: a button where the dashboard may act, otherwise the command."""

from __future__ import annotations

from collections.abc import Sequence

from release_machine.dashboard.state import Offer, Site
from release_machine.report.markup import Markup, element, isolated
from release_machine.report.parts import command, unseen

NAMES = {
    "approve": "Approve",
    "reject": "Reject",
    "cancel": "Cancel",
    "retry": "Retry",
    "rollback": "Roll back",
}
_RISKY = {"reject", "cancel", "rollback"}


def offers(found: Sequence[Offer], site: Site, *, named: bool = False) -> Markup | None:
    """The offers, one after the other; ``named`` shows what each of them is about."""
    if not found:
        return None
    if site.allows_actions:
        return element("p", [_button(each, named=named) for each in found], class_="buttons")
    ways = [
        element("li", element("span", f"{NAMES[each.action]}: "), command(each.command))
        for each in found
    ]
    return element("ul", ways, class_="ways")


def kind_of(offer: Offer) -> str:
    """The class of its button."""
    return "risky" if offer.action in _RISKY else "main"


def _button(offer: Offer, *, named: bool) -> Markup:
    """A link to the page that asks whether to do it; it looks like a button."""
    about = f" {offer.name} of" if offer.name and not named else ""
    shown = f" {offer.name}" if offer.name and named else ""
    return element(
        "a",
        isolated(f"{NAMES[offer.action]}{shown} …"),
        unseen(f"{about} {offer.release_id}"),
        href=offer.href,
        class_=f"button {kind_of(offer)}",
    )
