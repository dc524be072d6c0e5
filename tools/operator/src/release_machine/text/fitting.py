"""Names shortened to the available room."""

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"


def fitted(name: str, room: int) -> str:
    """The name in at most ``room`` cells, shortened in its middle.

    Names of one team often have the same beginning, and names of one Region the same end.
    """
    if cell_len(name) <= room:
        return name
    head = (room - 1) // 2
    tail = room - 1 - head
    return f"{_first(name, head)}{ELLIPSIS}{_first(name[::-1], tail)[::-1]}"


def _first(text: str, room: int) -> str:
    # A character that is two cells wide may not fit into the last cell.
    return set_cell_size(text, room).rstrip()
