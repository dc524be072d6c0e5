"""What holds for all tests: Ctrl-C reaches what they start, and a slow machine fails none."""

import signal

from hypothesis import HealthCheck, settings

# How long a machine takes is no property of the code.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_configure() -> None:
    """Undo what a shell does to what it starts aside: it ignores interrupts, and so do children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
