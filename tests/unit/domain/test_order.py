"""The order in which the pipelines of a release run."""

from release_core.domain.order import behind, depths, in_order, without
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


def test_what_is_behind_a_node_is_found_through_others() -> None:
    """In the order of the release, and without the node itself."""
    nodes = [node("d", 0, "c"), node("a", 1), node("b", 2, "a"), node("c", 3, "b"), node("e", 4)]
    assert behind("a", nodes) == ["d", "b", "c"]
    assert behind("e", nodes) == []


def test_a_node_that_is_left_out_passes_its_dependencies_on() -> None:
    """Each once, however many ways lead there."""
    layers = [
        node(f"{side}{depth}", 0, f"l{depth - 1}", f"r{depth - 1}")
        for depth in range(1, 60)
        for side in "lr"
    ]
    nodes = [node("l0", 0), node("r0", 1), *layers, node("last", 2, "l59", "r59")]
    between = {each.name for each in layers}
    assert without(between, nodes) == {"l0": (), "r0": (), "last": ("l0", "r0")}


def test_a_cycle_ends() -> None:
    """A plan names it as a problem."""
    nodes = [node("a", 0, "b"), node("b", 1, "a"), node("c", 2, "a")]
    assert behind("a", nodes) == ["b", "c"]
    assert without({"a", "b"}, nodes) == {"c": ()}
