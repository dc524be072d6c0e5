"""``retry``: the next attempt of a release that did not succeed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import click

from release_core.clock import now
from release_core.domain.release import Release, ReleaseStatus
from release_core.manifest.checks import named_pipelines
from release_machine.actions.find import known_release
from release_machine.actions.retry import (
    manifest_of,
    new_deadline,
    prepare_attempt,
    read_time,
    refuse_unretriable,
)
from release_machine.deployment.session import Session
from release_machine.interrupts import starting
from release_machine.release.remedies import correct_manifest
from release_machine.terminal.aws_command import AwsCommand, open_session
from release_machine.terminal.following import call_end, follow_from_opening
from release_machine.terminal.forms import Form, json_option
from release_machine.terminal.release_argument import named, release_argument
from release_machine.views.json_calls import State


@click.command("retry", cls=AwsCommand)
@release_argument
@click.option("--deadline", help="A new deadline, with its time zone: 2026-11-22T18:00:00Z.")
@click.option("--not-before", help="Hold the attempt until this time: 2026-11-22T06:00:00Z.")
@click.option("--wait", is_flag=True, help="Wait for pipelines that other releases hold.")
@click.option("--detach", is_flag=True, help="Return as soon as the attempt is opened.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    release_id: str,
    *,
    deadline: str | None,
    not_before: str | None,
    wait: bool,
    detach: bool,
    form: Form,
) -> None:
    """Run again the pipelines that did not succeed, and follow them.

    This is the next attempt of the release: pipelines that succeeded do not run again. The manifest
    comes from the ledger, without a deadline that has passed. Approvals that were not granted are
    asked again, and those with four eyes as long as anything behind them has not succeeded. Then
    the attempt is requested through the API.

    \b
    Examples:
      release-machine retry 2026.11.22-1
      release-machine retry 2026.11.22-1 --wait --deadline 2026-11-22T18:00:00Z
    """
    with form.refusals():
        changes = _Changes(
            deadline=read_time("--deadline", deadline) if deadline else None,
            not_before=read_time("--not-before", not_before) if not_before else None,
            wait=wait,
        )
        session = open_session(context)
        name = named(session, release_id, changes=True, on_stderr=form.for_programs)
        _retry(session, known_release(session, name), changes, detach=detach, form=form)


class _Changes(NamedTuple):
    """What the next attempt has in place of what the manifest says."""

    deadline: datetime | None
    not_before: datetime | None
    wait: bool

    def of(self, manifest: Mapping[str, Any], form: Form) -> dict[str, str | None]:
        """The keys of the manifest that change; tells of a deadline that is left out."""
        changes, dropped = new_deadline(manifest, given=self.deadline, now=now())
        if dropped:
            form.say(
                f"the deadline {dropped} has passed and is left out; set a new one with --deadline"
            )
        if self.not_before:
            changes["notBefore"] = self.not_before.isoformat()
        if self.wait:
            changes["onBusy"] = "wait"
        return changes


def _retry(session: Session, found: Release, how: _Changes, *, detach: bool, form: Form) -> None:
    refuse_unretriable(found)
    if found.status is ReleaseStatus.SUCCEEDED:
        form.say(f"release {found.release_id} has SUCCEEDED; nothing is left to run")
        form.end(call_end(session, found, state=State.UNCHANGED))
        return
    manifest = manifest_of(session, found)
    changes = how.of(manifest, form)
    if remedy := correct_manifest(found):
        form.say(f"this attempt may fail as the last one did: {remedy}")
    request = prepare_attempt(session, found, manifest, changes)
    form.about(release_id=found.release_id)
    with starting():
        with form.changing():
            arn = request()
        names = named_pipelines(manifest)
        follow_from_opening(session, arn, pipelines=names, detach=detach, form=form)
