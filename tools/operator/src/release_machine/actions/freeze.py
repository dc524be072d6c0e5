"""Freezes pipelines, lifts freezes, and overrides them for one release."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from release_core.clock import from_iso, to_iso
from release_machine.actions.retry import read_time
from release_machine.errors import UsageError
from release_machine.release.approvals import signer
from release_machine.text.wording import clock_time

if TYPE_CHECKING:
    from release_core.domain.holds import Freeze
    from release_machine.deployment.release_api import ReleaseApi

_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")
_OR_A_DURATION = ", or a duration such as 90m, 2h or 1d12h"
WHAT_IS_FROZEN = "See what is frozen with: release-machine freezes"


def read_until(text: str, now: datetime) -> datetime:
    """A time, or the time after a duration such as 2h, 90m or 1d12h.

    Raises UsageError when it is neither, or has passed.
    """
    duration = _DURATION.fullmatch(text)
    if text and duration:
        days, hours, minutes = (int(part or 0) for part in duration.groups())
        until = now + timedelta(days=days, hours=hours, minutes=minutes)
    else:
        until = read_time("--until", text, otherwise=_OR_A_DURATION)
    if until <= now:
        raise UsageError(
            f"--until {text} has passed: it is {clock_time(now)} now.",
            f"Give a later time{_OR_A_DURATION}.",
        )
    return until


def freeze(api: ReleaseApi, scope: str, *, until: datetime, reason: str) -> Iterator[str]:
    """Freeze the pipelines that a scope matches; returns what to tell, a line for each fact."""
    made = api.send(
        "POST",
        "freezes",
        body={"scope": scope, "until": to_iso(until), "reason": reason},
        way_out=WHAT_IS_FROZEN,
    )
    yield f"froze {scope} until {clock_time(until)}: nothing new starts there"
    # An older deployment does not tell what it replaces and covers.
    if before := made.get("replaces"):
        ended = clock_time(from_iso(before["until"]))
        yield f"it replaces the freeze until {ended} by {signer(before['by'])}: {before['reason']}"
    if (count := made.get("pipelines")) == 0:
        yield f"warning: {made['message']}"
        yield f"lift the freeze with: release-machine unfreeze {shlex.quote(scope)}"
    elif count:
        yield f"it covers {count} known pipeline{'' if count == 1 else 's'}"
    for each in made["underWay"]:
        yield f"{each['pipeline']} of release {each['releaseId']} was being started already"


def unfreeze(api: ReleaseApi, scope: str) -> Iterator[str]:
    """Lift the freeze with this scope; returns what to tell, a line for each fact."""
    lifted = api.send("DELETE", "freezes", scope, way_out=WHAT_IS_FROZEN)
    held = lifted["held"]
    pipelines = "1 pipeline that it held starts" if held == 1 else f"{held} pipelines start"
    yield f"lifted the freeze of {scope}" + (f"; {pipelines} now, in turn" if held else "")
    for each in lifted.get("stillFrozenBy", ()):  # an older deployment does not tell
        until = clock_time(from_iso(each["until"]))
        by = signer(each["by"])
        yield f"still frozen by: {each['scope']} until {until} ({by}: {each['reason']})"


def only_scope(frozen: Sequence[Freeze]) -> str:
    """The scope of the only freeze; raises UsageError when there are several."""
    if len(frozen) > 1:
        scopes = ", ".join(f"'{each.scope}'" for each in frozen)
        raise UsageError("There are several freezes; name one of them.", f"There are: {scopes}.")
    return frozen[0].scope


def override(api: ReleaseApi, release_id: str, *, reason: str) -> str:
    """Let a release start its pipelines although they are held; returns what to tell."""
    made = api.send(
        "POST",
        "overrides",
        release_id,
        body={"reason": reason},
        way_out="List the latest releases with: release-machine list",
    )
    if made.get("reason") not in {None, reason.strip()}:
        by = signer(made["by"])
        return (
            f"release {release_id} was already overridden by {by}: {made['reason']}; your reason "
            "is not recorded"
        )
    return f"release {release_id} starts its pipelines in spite of freezes and closed calendars"
