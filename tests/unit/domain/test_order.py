"""The order in which the pipelines of a release run."""

from release_core.domain.order import depths, in_order
from release_core.domain.release import Pipeline


def node(name: str, position: int, *before: str) -> Pipeline:
    return Pipeline(name=name, position=position, depends_on=before)


def test_dependencies_come_first_otherwise_the_order_is_the_manifests() -> None:
    """Each pipeline comes after its dependencies, whatever the manifest's order is."""
    release = (
        node("mail", 0, "web"),
        node("web", 1, "orders", "catalog"),
        node("orders", 2, "catalog"),
        node("search", 3),
        node("catalog", 4),
    )
    assert [*in_order(release)] == ["search", "catalog", "orders", "web", "mail"]
    assert depths(release) == {"search": 0, "catalog": 0, "orders": 1, "web": 2, "mail": 3}


def test_release_that_is_still_being_opened() -> None:
    """A dependency that is not recorded yet is ignored."""
    assert [*in_order([node("web", 1, "catalog")])] == ["web"]
