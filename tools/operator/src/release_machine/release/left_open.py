"""A release that has no outcome although its workflow execution has ended, in words."""

from release_core.domain.release import Release
from release_machine.errors import LeftOpenError


def left_open(release: Release, ended_as: str) -> LeftOpenError:
    """The error for such a release; ``ended_as`` is the status of the execution."""
    return LeftOpenError(
        f"The execution of release {release.release_id} has ended ({ended_as}), "
        "but the release is still RUNNING in the ledger.",
        "Check the log of close_release (release-machine logs) and the dead-letter queues "
        "(Terraform output dead_letter_queue_urls). Then submit the same manifest again to see "
        "the status of the release.",
    )
