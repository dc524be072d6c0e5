"""The title of a rollback: what it rolls back."""

from release_core.domain.announcement import cut
from release_core.domain.release import Release
from release_core.manifest.limits import MAX_TITLE


def title_of_rollback(release: Release) -> str:
    """The title of a rollback of this release, if its manifest has none.

    It is not in the manifest that the machine makes: a build that does not know the key would
    refuse to retry the rollback.
    """
    what = f"{release.release_id}: {release.title}" if release.title else release.release_id
    return cut(f"Roll back {what}", MAX_TITLE)
