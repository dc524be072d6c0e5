"""Exit codes that are not the outcome of a release or a check."""

BROKEN = 70
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM, sent for example to a cancelled job; handled like Ctrl-C."""


def code_of(interrupt: KeyboardInterrupt) -> int:
    """The exit code of a command that was interrupted."""
    return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
