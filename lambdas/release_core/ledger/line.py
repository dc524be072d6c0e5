"""The item that lists the pipelines of a release which wait for a free slot."""

from release_core.domain.release import Pipeline, Release
from release_core.ledger.dynamodb import Item, Table, Update


class Line:
    """Keeps one list for each attempt of a release, in the order of the manifest."""

    def __init__(self, releases: Table) -> None:
        self._releases = releases

    def join(self, release: Release, pipeline: Pipeline) -> None:
        """Give a pipeline that finds no free slot its place.

        Race: a slot is freed meanwhile. The slots are claimed once more after this write, and who
        frees a slot reads the line afterwards. So one of the two sees the other.
        """
        self._releases.update(_key(release), Update(add={"pipelines": _place(pipeline)}))

    def names(self, release: Release) -> list[str]:
        """The pipelines that wait for a free slot."""
        found = self._releases.get_all([_key(release)])
        places = sorted(place for item in found for place in item.get("pipelines", ()))
        return [place.partition(" ")[2] for place in places]

    def leave(self, release: Release, pipeline: Pipeline) -> None:
        """Remove the place of a pipeline."""
        self._releases.update(_key(release), Update(subtract={"pipelines": _place(pipeline)}))


def _key(release: Release) -> Item:
    return {"release_id": release.release_id, "item": f"line#{release.attempt}"}


def _place(pipeline: Pipeline) -> str:
    """A member of the list; the members sort in the order of the manifest."""
    return f"{pipeline.position:04} {pipeline.name}"
