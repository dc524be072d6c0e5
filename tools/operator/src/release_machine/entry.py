"""The entry of the console script: signals, closed pipes and unexpected errors.

It loads as little as possible before it handles signals.
"""

import errno
import os
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from release_machine.exit_codes import (
    BROKEN,
    INTERRUPTED,
    READER_GONE,
    TERMINATED,
    Terminated,
    code_of,
)

_EXIT_AT_ONCE = frozenset({BROKEN, INTERRUPTED, READER_GONE, TERMINATED})
_COMPLETING = "_RELEASE_MACHINE_COMPLETE"
DEBUG = "RELEASE_MACHINE_DEBUG"


def main() -> None:
    """Run the command line; the console script's entry."""
    # A shell starts background jobs with interrupts ignored.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _escape_unencodable_characters()
        from release_machine import cli  # noqa: PLC0415 # Ctrl-C may come while click loads

        cli.cli()
    except KeyboardInterrupt as interrupt:
        _leave(code_of(interrupt))
    except SystemExit as ended:
        if ended.code in _EXIT_AT_ONCE:
            _leave(int(ended.code or 0))
        _flush()
        raise
    except BrokenPipeError:
        _leave(READER_GONE)
    except Exception as error:  # the last resort: no traceback
        _leave(BROKEN, message=_describe(error))


def _interrupt(_number: int, _frame: object) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _terminate(_number: int, _frame: object) -> None:
    _ignore_signals()
    # An exception lets the live view restore the cursor.
    raise Terminated


def _ignore_signals() -> None:
    # The command is ending already; another signal would interrupt that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _escape_unencodable_characters() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    """Write the rest of the output now: at exit Python would report an error in its own way."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave(READER_GONE)
    except OSError as error:
        _leave(BROKEN, message=_describe(error))


def _describe(error: Exception) -> str:
    """The message for an error that no command expects."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO, errno.EBADF}:
        return f"The output cannot be written: {error.strerror}.\nMake room for it.\n"
    if os.environ.get(DEBUG):
        import traceback  # noqa: PLC0415 # only for a fault

        return "".join(traceback.format_exception(error))
    name = type(error).__name__
    said = " ".join(str(error).split())
    return (
        f"A fault of this command: {f'{name}: {said}' if said else name}\n"
        f"Run it again with {DEBUG}=1 and report the output. Running releases continue.\n"
    )


def _leave(code: int, *, message: str = "") -> NoReturn:
    """Exit without waiting for threads: they only read for a view that has ended."""
    # The line that a shell completes must stay free of messages.
    if message and _COMPLETING not in os.environ:
        with suppress(OSError):
            sys.stderr.write(message)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
