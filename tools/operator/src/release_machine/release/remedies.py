"""What helps after a release that did not succeed, in words."""

from release_core.domain.release import Release
from release_core.domain.remedies import unusable_pins
from release_core.rollback.refusals import listed


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
