"""What helps after a release that did not succeed, in words."""

import re
import shlex
from collections.abc import Iterator

from release_core.domain.release import Release
from release_core.domain.remedies import unusable_pins
from release_core.rollback.refusals import listed
from release_machine.release.situation import abandon_command


def correct_manifest(release: Release) -> str | None:
    """How to correct pins that pipelines could not use; None for a release that may be retried."""
    names = listed([each.name for each in unusable_pins(release)])
    if not names:
        return None
    if release.rollback_of:
        rollback = f"release-machine rollback {release.rollback_of} --manifest FILE"
        return (
            f"a retry would use the same pins of {names}: write the manifest with: {rollback}; "
            "correct these pins and submit it"
        )
    return (
        f"correct the pins of {names} in the manifest, give it a new releaseId and submit it; "
        "a retry would use the same pins"
    )


def what_next(ended: Release, *, rollback_failed: bool = False) -> Iterator[str]:
    """The commands that help with a release that did not succeed, one in each line.

    ``rollback_failed`` means that its rollback did not succeed, or will not be opened.
    """
    yield from still_stopping(ended)
    rollback = ended.rolled_back_by or ended.rolls_back_as
    if rollback and not rollback_failed:
        yield f"release {rollback} rolls it back; follow it with: {watch_command(rollback)}"
        return
    if rollback:
        what = "did not succeed" if ended.rolled_back_by else "was not opened"
        yield f"its rollback {rollback} {what}; see why with: {watch_command(rollback)}"
    name = shlex.quote(ended.release_id)
    if not ended.rolled_back_by:  # then a retry is refused
        yield correct_manifest(ended) or f"run the rest again with: release-machine retry {name}"
    if not ended.rollback_of and any(each.execution_id for each in ended.pipelines.values()):
        yield f"roll it back with: release-machine rollback {name}"


def after_rejected(release: Release) -> str:
    """What helps after a manifest on record that was rejected."""
    error, _, cause = (release.why or "").partition(": ")
    return after_rejection(error, cause, release_id=release.requested_id)


def after_rejection(error: str, cause: str, *, release_id: str | None) -> str:
    """What helps after a rejection; ``release_id`` is the release in question, if it is known."""
    match error:
        case "ManifestUnreadable" | "ManifestInvalid":
            return (
                "Correct the manifest, check it with: release-machine plan FILE; then submit it "
                "again."
            )
        case "ReleaseIdTaken":
            return "Give the manifest a new releaseId and submit it again."
        case "PipelinesBusy":
            return (
                "Start it again when these releases have ended. Or let it wait for them: with "
                '"onBusy": "wait" in the manifest, or with --wait in a retry or a rollback.'
            )
        case "ReleaseNotResumable" | "RollbackRefused":
            ends = [f"Stop it now with: {command}" for command in _abandon_commands(cause)]
            return "\n".join([*ends, _see(release_id)])
        case "ABORTED" | "StoppedByHand":
            return "It was stopped before it was opened. Submit it again to start it."
        case _:
            return "See why with: release-machine logs; then submit it again."


def _abandon_commands(cause: str) -> list[str]:
    """The commands for the executions that the cause names because they still run."""
    named = re.findall(r"^- (\S+): execution (\S+)$", cause, re.MULTILINE)
    return [abandon_command(pipeline, execution) for pipeline, execution in named]


def _see(release_id: str | None) -> str:
    if release_id is None:
        return "List the latest releases with: release-machine list"
    return f"See details with: release-machine show {shlex.quote(release_id)}"


def still_stopping(release: Release) -> Iterator[str]:
    """The executions of a closed release that still run, each with the command that stops it."""
    for each in release.pipelines.values():
        if not each.status.ended and each.execution_id:
            command = abandon_command(each.name, each.execution_id)
            yield f"{each.name} waits for the action in progress; to stop it now: {command}"


def see_details(release: Release) -> str:
    """The command that shows the release as a whole."""
    return f"see details with: release-machine show {shlex.quote(release.release_id)}"


def watch_command(release_id: str) -> str:
    """The command that follows a release again."""
    return f"release-machine watch {shlex.quote(release_id)}"
