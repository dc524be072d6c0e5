"""The order in which pipelines are shown."""

from release_machine.release.model import Pipeline
from release_machine.release.order import depths, in_order


def node(name: str, position: int, *before: str) -> Pipeline:
    return Pipeline(name=name, position=position, status="WAITING", depends_on=before)


def test_dependencies_come_first_and_equals_as_in_the_manifest() -> None:
    """Each pipeline stands behind all that it depends on, whatever the manifest's order is."""
    release = (
        node("mail", 0, "web"),
        node("web", 1, "orders", "catalog"),
        node("orders", 2, "catalog"),
        node("search", 3),
        node("catalog", 4),
    )
    assert [each.name for each in in_order(release)] == [
        "search",
        "catalog",
        "orders",
        "web",
        "mail",
    ]
    assert depths(release) == {"search": 0, "catalog": 0, "orders": 1, "web": 2, "mail": 3}


def test_release_that_is_still_being_opened() -> None:
    """A dependency that is not recorded yet does not hinder the look."""
    assert [each.name for each in in_order([node("web", 1, "catalog")])] == ["web"]
