"""Follows a release on a terminal, in a pipe or for programs, and exits with the outcome."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import NoReturn

import click

from release_core.clock import now
from release_core.domain.release import Release, ReleaseStatus
from release_machine.actions.automatic_rollback import rollback_failed
from release_machine.deployment.aws_problems import explained
from release_machine.deployment.session import Session
from release_machine.errors import OperatorError, UnreachableError
from release_machine.exit_codes import code_of
from release_machine.follow.events import Event, ReleaseWaits
from release_machine.follow.loop import follow
from release_machine.follow.observer import observer_of
from release_machine.follow.opening import (
    AlreadyReleased,
    Opening,
    Planned,
    Rejected,
    await_opening,
    opening_of,
)
from release_machine.follow.past_runs import PastRuns
from release_machine.release.busy import Hold, held_until
from release_machine.release.failure_links import with_links
from release_machine.release.remedies import see_details, watch_command, what_next
from release_machine.release.requested_release import requested_release
from release_machine.terminal.forms import Form
from release_machine.text.wording import clock_time
from release_machine.views.json_calls import CallEnd, State, state_of
from release_machine.views.json_output import document
from release_machine.views.plan_view import plan_view

RELEASED, NOT_RELEASED = 0, 1


def follow_from_opening(
    session: Session,
    execution_arn: str,
    *,
    pipelines: Sequence[str],
    detach: bool = False,
    form: Form,
) -> NoReturn:
    """Follow the release that a workflow execution opens, and exit with the outcome.

    ``pipelines`` are the pipelines of that release. With ``detach`` exit as soon as the release is
    opened, or waits for pipelines that other releases hold.
    """
    form.about(execution_arn=execution_arn)
    form.say(f"execution {execution_arn}")
    opening = _await_opening(session, execution_arn, pipelines=pipelines, detach=detach, form=form)
    state, more = State.ACCEPTED, dict[str, object]()
    match opening:
        case ReleaseWaits():
            _exit_waiting(opening, form)
        case Rejected():
            form.answered(opening)
            raise rejected(session, opening, execution_arn, form=form)
        case Planned():
            form.answered(opening)
            _exit_planned(opening, execution_arn, form)
        case AlreadyReleased():
            form.answered(opening)
            form.say(
                f"already released: this manifest is release {opening.release_id}, run by "
                f"{opening.released_by}; nothing new was started"
            )
            state, more = State.ALREADY_RELEASED, {"releasedBy": opening.released_by}
    if not detach:
        follow_and_exit(session, opening.release_id, form=form, more=more)
    watch = f"follow it with: {watch_command(opening.release_id)}"
    form.say(f"release {opening.release_id}: {watch}")
    form.end(
        CallEnd(
            state=state,
            execution_arn=execution_arn,
            release_id=opening.release_id,
            next_steps=[watch],
            more=more,
        )
    )
    sys.exit(RELEASED)


def _exit_waiting(waits: ReleaseWaits, form: Form) -> NoReturn:
    watch = f"follow it with: {watch_command(_name(waits.execution_arn))}"
    form.say(watch)
    holds = [each for each in waits.holds if isinstance(each, Hold)]
    more = {"heldUntil": document(held_until(waits.holds)), "holds": document(holds)}
    form.end(
        CallEnd(
            state=State.WAITING,
            execution_arn=waits.execution_arn,
            next_steps=[watch],
            more=more,
        )
    )
    sys.exit(RELEASED)


def _exit_planned(planned: Planned, execution_arn: str, form: Form) -> NoReturn:
    form.say("a dry run: nothing was started or recorded")
    if not form.for_programs:
        form.draw(lambda width: [plan_view(planned.plan, width=width)])
    form.end(
        CallEnd(
            state=State.PLANNED,
            execution_arn=execution_arn,
            release_id=planned.plan.get("releaseId"),
            more={"plan": planned.plan},
        )
    )
    sys.exit(RELEASED)


def _await_opening(
    session: Session,
    execution_arn: str,
    *,
    pipelines: Sequence[str],
    detach: bool,
    form: Form,
) -> Opening | ReleaseWaits:
    name = _name(execution_arn)
    follow_again = f"the release continues. Follow it again: {watch_command(name)}"
    views = form.waiting()

    def show(events: list[Event]) -> None:
        for view in views:
            view.show(None, events)

    with watching(f"{follow_again}\nTo stop it: release-machine cancel {name}"):
        return await_opening(
            execution_arn,
            look=partial(opening_of, execution_arn, sfn=session.sfn, ledger=session.ledger),
            waited_for=lambda: session.busy.waited_for(execution_arn, pipelines),
            show=show,
            wait=time.sleep,
            clock=now,
            detach=detach,
        )


def _name(execution_arn: str) -> str:
    return execution_arn.rpartition(":")[2]


def rejected(
    session: Session,
    rejection: Rejected,
    execution_arn: str,
    *,
    form: Form,
    as_last_of: str | None = None,
) -> OperatorError:
    """The error for a workflow execution that was rejected.

    With ``as_last_of`` it is the last one on record of a person's release id. That person may have
    handed in the release again since then.
    """
    requested = requested_release(
        execution_arn, sfn=session.sfn, s3=session.s3, ledger=session.ledger
    )
    next_step = rejection.next_step(requested.release_id)
    form.end(
        CallEnd(
            state=State.REJECTED,
            execution_arn=execution_arn,
            release_id=requested.release_id,
            next_steps=next_step.split("\n"),
            more={"error": rejection.error, "cause": rejection.cause},
        )
    )
    if as_last_of is None or rejection.at is None:
        return OperatorError(f"Rejected, nothing was started. {rejection}", next_step)
    return OperatorError(
        f"Rejected at {clock_time(rejection.at)}, nothing was started. {rejection}",
        f"{next_step}\nIf it was handed in again since then, that is not on record yet. "
        f"Look again with: {watch_command(as_last_of)}",
    )


def follow_and_exit(
    session: Session,
    release_id: str,
    *,
    form: Form,
    more: Mapping[str, object] | None = None,
) -> NoReturn:
    """Follow a release to its end, and exit with the outcome; ``more`` is for programs."""
    ended = follow_to_end(session, release_id, form=form)
    released = ended.status is ReleaseStatus.SUCCEEDED
    steps = [] if released else [see_details(ended), *next_steps(session, ended)]
    for line in steps:
        form.say(line)
    form.end(call_end(session, ended, next_steps=steps, more=more))
    sys.exit(RELEASED if released else NOT_RELEASED)


def call_end(
    session: Session,
    ended: Release,
    *,
    state: State | None = None,
    next_steps: Sequence[str] = (),
    more: Mapping[str, object] | None = None,
) -> CallEnd:
    """What a call has come to that has found a release at its end, which is its ``state``."""
    return CallEnd(
        state=state or state_of(ended),
        execution_arn=ended.execution_arn,
        release=with_links(ended, region=session.console_region),
        next_steps=next_steps,
        more=more or {},
    )


def next_steps(session: Session, ended: Release) -> list[str]:
    """What helps after a release that did not succeed, one text for each step."""
    try:
        with explained():
            failed = rollback_failed(session, ended, wait=time.sleep)
    except UnreachableError:
        # The outcome is known and decides the exit code; watching the rollback tells the rest.
        failed = False
    return list(what_next(ended, rollback_failed=failed))


def follow_to_end(
    session: Session, release_id: str, *, form: Form, what: str = "the release"
) -> Release:
    """Follow a release until it is over; returns the release as last seen.

    ``what`` continues when watching ends before that.
    """
    form.about(release_id=release_id)
    with closing(PastRuns(session.codepipeline)) as past:
        observer = observer_of(session, release_id, past=past, clock=now)
        with (
            watching(lambda: _continues(observer.seen, release_id, what=what)),
            form.following() as view,
        ):
            return follow(observer.look, sink=view, wait=time.sleep, clock=now)


def _continues(seen: Release | None, release_id: str, *, what: str) -> str:
    continues = f"{what} continues"
    if seen is not None and seen.closed:
        continues = f"the release is {seen.status}, and its running pipelines are stopping"
    return f"{continues}. Follow it again: {watch_command(release_id)}"


@contextmanager
def watching(continues: str | Callable[[], str]) -> Iterator[None]:
    """Tell what continues when watching ends by an interrupt, or because AWS does not answer."""

    def stopped() -> str:
        return f"Stopped watching; {continues if isinstance(continues, str) else continues()}"

    try:
        with explained():
            yield
    except KeyboardInterrupt as interrupt:
        click.echo(stopped(), err=True)
        sys.exit(code_of(interrupt))
    except UnreachableError as error:
        raise UnreachableError(error.problem, f"{error.next_step}\n{stopped()}") from error
