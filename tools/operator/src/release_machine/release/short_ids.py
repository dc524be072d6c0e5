"""Short ids: how rejected manifests, which have no id, are named in lists and found again."""

import re

from release_core.domain.release import Release, ReleaseStatus

_SHORTEST = 8  # characters
# The name that AWS gives a workflow execution. EventBridge gives two of these as one name.
_GIVEN_BY_AWS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:_.*)?")


def short_id(release: Release) -> str:
    """The id of a release; of a rejected manifest what is enough to find it again.

    That is the beginning of the name of its workflow execution, or a name that a person gave.
    """
    given_by_aws = release.status is ReleaseStatus.REJECTED and _GIVEN_BY_AWS.fullmatch(
        release.label
    )
    return release.label[:_SHORTEST] if given_by_aws else release.label


def is_named_by(release: Release, text: str) -> bool:
    """Whether a text means this rejected manifest: its short id, or more of its name."""
    if release.status is not ReleaseStatus.REJECTED:
        return False
    enough = len(text) >= _SHORTEST and release.label.startswith(text)
    return enough or text == release.label
