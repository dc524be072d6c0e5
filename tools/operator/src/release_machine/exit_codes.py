"""How the command ends when it is not by the outcome of what it did."""

BROKEN = 70
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM, as of a job that is cancelled: it interrupts as Ctrl-C does."""


def code_of(interrupt: KeyboardInterrupt) -> int:
    """The exit code of whatever was interrupted so."""
    return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
