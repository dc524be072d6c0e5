"""What the release waits for, and the commands that a reader can use now."""

import shlex

from release_core.domain.release import OnFailure, Pipeline, PipelineStatus, Release, ReleaseStatus
from release_machine.release.holds import TO_START_NOW, override_command, starts_by_itself
from release_machine.release.left_open import left_open
from release_machine.release.model import Activity, Snapshot
from release_machine.release.remedies import after_rejected, correct_manifest
from release_machine.report.markup import Content, Markup, element, isolated, link_if_web
from release_machine.report.parts import anchor, command, facts_list
from release_machine.report.statuses import icon


def waiting(snapshot: Snapshot) -> Markup | None:
    """What cannot continue by itself: for whom it waits, and the commands that let it continue."""
    release = snapshot.release
    if snapshot.left_open:
        return None  # its execution has ended: no command lets it continue
    items = [
        _waits(pipeline, doing, release)
        for pipeline in release.pipelines.values()
        for doing in (snapshot.activity.get(pipeline.name),)
        if doing and doing.waits_for and pipeline.status is PipelineStatus.RUNNING
    ]
    if not items:
        return None
    return element(
        "section",
        element("h2", icon("WAITING"), element("span", "What it waits for"), id="waits-title"),
        element("ul", items),
        id="waits",
        class_="cause stop",
        aria_labelledby="waits-title",
    )


def _waits(pipeline: Pipeline, doing: Activity, release: Release) -> Markup:
    name = element("a", element("b", isolated(pipeline.name)), href=f"#{anchor(pipeline)}")
    return element(
        "li",
        name,
        [", at ", isolated(doing.place), ","] if doing.place else None,
        " waits for ",
        isolated(doing.waits_for),
        ". ",
        element("p", isolated(doing.message), class_="said") if doing.message else None,
        _way_on(doing, release),
    )


def next_steps(snapshot: Snapshot) -> Markup:
    """The commands that a reader can use now."""
    return element(
        "aside",
        element("h2", "What to do next", id="next-title"),
        _steps(snapshot),
        id="next",
        class_="next",
        aria_labelledby="next-title",
    )


def _steps(snapshot: Snapshot) -> Content:
    release = snapshot.release
    if snapshot.left_open:
        return _paragraph(isolated(left_open(release, snapshot.left_open).next_step))
    if release.status is ReleaseStatus.RUNNING:
        return _while_running(snapshot)
    if release.status is ReleaseStatus.REJECTED:
        steps = after_rejected(release).splitlines()
        return [_paragraph(isolated(line)) for line in ("Nothing was started.", *steps)]
    rolled_back = _rolled_back(release)
    if release.status is ReleaseStatus.SUCCEEDED:
        if rolled_back:
            return rolled_back
        return [
            _paragraph("Nothing: every pipeline succeeded."),
            _paragraph("To undo it: ", _command("rollback", release.release_id))
            if not release.rollback_of
            else None,
        ]
    return rolled_back or _after_failure(release)


def _rolled_back(release: Release) -> Content:
    if not release.rolled_back_by:
        return None
    rollback = isolated(release.rolled_back_by)
    show = _command("show", release.rolled_back_by)
    # Whether that has succeeded is on record in that release only.
    return _paragraph("Release ", rollback, " rolls it back. See how that went: ", show)


def _after_failure(release: Release) -> Content:
    """The words and conditions are those of the terminal."""
    go_on = "To continue, run the pipelines that did not succeed again: "
    fix = "Fix what failed. Then run the pipelines that did not succeed again: "
    cancelled = release.status is ReleaseStatus.CANCELLED
    asked = release.on_failure is OnFailure.ROLLBACK and not cancelled
    correct = correct_manifest(release)
    ran = any(each.execution_id for each in release.pipelines.values())
    return [
        _announced(release.rolls_back_as)
        if release.rolls_back_as
        else _paragraph(
            "Its manifest asks for a rollback; the outcome and the audit tell what happened."
        )
        if asked
        else None,
        _paragraph(isolated(f"{correct[0].upper()}{correct[1:]}."))
        if correct
        else _paragraph(go_on if cancelled else fix, _command("retry", release.release_id)),
        _paragraph("It is a rollback and cannot be rolled back.")
        if release.rollback_of
        else _paragraph(
            "Or go back to what was good before: ", _command("rollback", release.release_id)
        )
        if ran
        else None,
    ]


def _announced(rollback: str) -> Markup:
    what = " is announced to roll it back, but was not opened yet. Follow it: "
    return _paragraph("Release ", isolated(rollback), what, _command("watch", rollback))


def _while_running(snapshot: Snapshot) -> Content:
    release = snapshot.release
    override = override_command(release)
    return [
        _held(release, override) if override else None,
        _paragraph("Follow it: ", _command("watch", release.release_id)),
        _paragraph("Stop it: ", _command("cancel", release.release_id)),
    ]


def _held(release: Release, override: str) -> Markup:
    by_itself = starts_by_itself(release)
    return _paragraph(f"{by_itself[0].upper()}{by_itself[1:]}; {TO_START_NOW}: ", command(override))


def _way_on(doing: Activity, release: Release) -> Content:
    """The commands that answer and the page to open, or the command that shows how to continue.

    A way out that is no answer may have the token of an approval, and reports are shared.
    """
    page = link_if_web(doing.link, "Open it in the console")
    if doing.way_out and doing.way_to_reject:
        return [
            facts_list(
                [("Approve", command(doing.way_out)), ("Reject", command(doing.way_to_reject))],
                kind="ways",
            ),
            element("p", page) if page else None,
        ]
    if doing.link or not doing.way_out:
        return element("p", page) if page else None
    watch = _command("watch", release.release_id)
    return element("p", watch, " shows the command that lets it continue.")


def _command(verb: str, release_id: str) -> Markup:
    return command(f"release-machine {verb} {shlex.quote(release_id)}")


def _paragraph(*content: Content) -> Markup:
    return element("p", *content)
