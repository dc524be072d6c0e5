"""Names cut to the room there is."""

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


def fitted(name: str, room: int) -> str:
    """The name in at most so many cells, shortened in its middle.

    Names of one team often begin alike, and those of one Region end alike.
    """
    if cell_len(name) <= room:
        return name
    head = (room - 1) // 2
    tail = room - 1 - head
    return f"{_first(name, head)}{ELLIPSIS}{_first(name[::-1], tail)[::-1]}"


def _first(text: str, room: int) -> str:
    # A sign that is two cells wide may not fit into the last one.
    return set_cell_size(text, room).rstrip()
