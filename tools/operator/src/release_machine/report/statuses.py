"""How a status looks: a word, a shape and a colour."""

from release_machine.report.markup import Markup, element, isolated

_CIRCLE = '<circle cx="8" cy="8" r="7" class="body"/>'
_RING = '<circle cx="8" cy="8" r="6.2" class="ring"/>'
_OCTAGON = '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" class="body"/>'
_SQUARE = '<rect x="1.5" y="1.5" width="13" height="13" rx="2" class="body"/>'
# The class for the colour, and the shape: in a circle, an octagon or a square.
_LOOKS = {
    "WAITING": ("wait", '<circle cx="8" cy="8" r="6.2" class="ring dots"/>'),
    "STARTING": ("run", f'{_RING}<path d="M6.2 4.8 11 8l-4.8 3.2z" class="ring"/>'),
    "RUNNING": ("run", f'{_CIRCLE}<path d="M6.2 4.6 11.4 8l-5.2 3.4z" class="hole"/>'),
    "SUCCEEDED": ("good", f'{_CIRCLE}<path d="m4.6 8.3 2.4 2.4 4.4-5" class="cut"/>'),
    "FAILED": ("bad", f'{_OCTAGON}<path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" class="cut"/>'),
    "TIMED_OUT": ("bad", f'{_OCTAGON}<path d="M8 4.2V8l2.8 2" class="cut"/>'),
    "REJECTED": ("bad", f'{_OCTAGON}<path d="M4.4 8h7.2" class="cut"/>'),
    "STOPPED": ("stop", f'{_SQUARE}<path d="M6 5.2v5.6m4-5.6v5.6" class="cut"/>'),
    "CANCELLED": ("stop", f'{_SQUARE}<path d="m4.8 4.8 6.4 6.4" class="cut"/>'),
    "SUPERSEDED": ("stop", f'{_SQUARE}<path d="m4.6 5 3 3-3 3m3.6-6 3 3-3 3" class="cut"/>'),
    "SKIPPED": ("wait", f'{_RING}<path d="M5 8h6" class="ring"/>'),
}


def shapes() -> Markup:
    """The definitions for all icons of the page."""
    symbols = "".join(
        f'<symbol id="{_shape_id(status)}" viewBox="0 0 16 16">{shape}</symbol>'
        for status, (_, shape) in _LOOKS.items()
    )
    # A pattern marks bars that did not succeed, so that colour is not the only difference.
    patterns = (
        '<pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path d="M0 0v6" class="hatch"/></pattern>'
    )
    return element(
        "svg",
        element("defs", Markup(symbols + patterns)),
        class_="shapes",
        width=0,
        height=0,
        aria_hidden="true",
    )


def tone(status: str) -> str:
    """The class for the colour of a status."""
    return _LOOKS.get(status, ("wait", ""))[0]


def words(status: str) -> str:
    """A status in a sentence."""
    return status.replace("_", " ").lower()


def severity(status: str) -> tuple[int, str]:
    """The sort key of statuses: failures first."""
    order = ("bad", "stop", "run", "wait", "good")
    return (order.index(tone(status)), status)


def icon(status: str, *, size: int = 16, x: float | None = None, y: float | None = None) -> Markup:
    """The shape of a status, for a place where the word is beside it or in the title."""
    return element(
        "svg",
        element("use", href=f"#{_shape_id(status if status in _LOOKS else 'WAITING')}"),
        class_=f"icon {tone(status)}",
        width=size,
        height=size,
        x=x,
        y=y,
        aria_hidden="true",
    )


def badge(status: str) -> Markup:
    """A status in words, with its shape."""
    if status not in _LOOKS:
        return element("b", isolated(status))
    words = status.replace("_", " ")
    return element("span", icon(status), words, class_=f"badge {tone(status)}")


def _shape_id(status: str) -> str:
    return f"is-{status.lower().replace('_', '-')}"
