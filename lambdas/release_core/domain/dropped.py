"""A manifest that was handed in as an object in the bucket for manifests."""

from release_core.immutable import Immutable

# Never .json: that would start the state machine.
RESULT_SUFFIX = ".result"


class ManifestObject(Immutable):
    """One version of an object in the bucket for manifests."""

    bucket: str
    key: str
    version_id: str | None

    @property
    def result_key(self) -> str:
        """The key of the file that tells what became of the manifest."""
        return self.key + RESULT_SUFFIX
