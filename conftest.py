"""What holds for all tests: Ctrl-C reaches what they start."""

import signal


def pytest_configure() -> None:
    """Undo what a shell does to what it starts aside: it ignores interrupts, and so do children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
