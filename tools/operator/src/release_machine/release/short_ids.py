"""Short ids: how lists name rejected manifests, which have no id."""

import re

from release_core.domain.release import Release, ReleaseStatus

_CHARACTERS = 8
# The name that AWS gives a workflow execution. EventBridge gives two of these as one name.
_GIVEN_BY_AWS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:_.*)?")


def short_id(release: Release) -> str:
    """The id of a release; of a rejected manifest what is enough to find it again.

    That is the beginning of the name of its workflow execution, or a name that a person gave.
    """
    given_by_aws = release.status is ReleaseStatus.REJECTED and _GIVEN_BY_AWS.fullmatch(
        release.label
    )
    return release.label[:_CHARACTERS] if given_by_aws else release.label
