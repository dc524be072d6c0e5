"""Freezes, holds and overrides as their items hold them, and back."""

from typing import Any

from release_core.clock import from_iso, to_iso
from release_core.domain.holds import Freeze, Hold, HoldKind, Override
from release_core.domain.release import Pipeline
from release_core.ledger.audit import shorten
from release_core.ledger.dynamodb import Item
from release_core.ledger.known import known


def freeze_item(freeze: Freeze) -> Item:
    """A freeze as the item with the freezes lists it."""
    return {**vars(freeze), "until": to_iso(freeze.until), "at": to_iso(freeze.at)}


def read_freezes(item: Item) -> tuple[Freeze, ...]:
    """The freezes of the deployment, those that have ended included."""
    return tuple(
        known(Freeze, _with_moments(each, "until", "at")) for each in item.get("freezes", ())
    )


def hold_item(hold: Hold) -> Item:
    """Why a pipeline is held, as its item holds it."""
    known = {name: value for name, value in vars(hold).items() if value is not None}
    return {
        **known,
        "kind": hold.kind.value,
        "until": to_iso(hold.until),
        "why": shorten(hold.why),
    }


def read_hold(item: Item) -> Hold:
    """Why a pipeline is held."""
    return known(Hold, {**_with_moments(item, "until"), "kind": HoldKind(item["kind"])})


def held_as_seen(pipeline: Pipeline) -> tuple[str, Item]:
    """The condition that the pipeline is held as it was read, or not held; and its values."""
    if pipeline.held is None:
        return "attribute_not_exists(#held)", {}
    return "#held = :held_before", {"held_before": hold_item(pipeline.held)}


def override_item(override: Override) -> Item:
    """An override as the header of its release holds it."""
    return {**vars(override), "at": to_iso(override.at)}


def read_override(item: Item) -> Override:
    """The override of a release."""
    return known(Override, _with_moments(item, "at"))


def _with_moments(item: Item, *names: str) -> dict[str, Any]:
    return {**item, **{name: from_iso(item[name]) for name in names}}
