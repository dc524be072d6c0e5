"""The entry of the console script: signals, pipes that end, and what nobody expected.

It loads next to nothing before signals are taken care of.
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

_AT_ONCE = frozenset({BROKEN, INTERRUPTED, READER_GONE, TERMINATED})
_COMPLETING = "_RELEASE_MACHINE_COMPLETE"
DEBUG = "RELEASE_MACHINE_DEBUG"


def main() -> None:
    """Run the command line; the console script's entry."""
    # A shell starts what goes on aside with interrupts ignored.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _spell_out_what_cannot_be_encoded()
        # click takes longer to load than a hasty Ctrl-C to come.
        from release_machine import cli  # noqa: PLC0415

        cli.cli()
    except KeyboardInterrupt as interrupt:
        _leave(code_of(interrupt))
    except SystemExit as ended:
        if ended.code in _AT_ONCE:
            _leave(int(ended.code or 0))
        _flush_or_tell()
        raise
    except BrokenPipeError:
        _leave(READER_GONE)
    except Exception as error:  # the last resort: no traceback for people
        _leave(BROKEN, told=_account(error))


def _interrupt(_number: int, _frame: object) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _terminate(_number: int, _frame: object) -> None:
    _ignore_signals()
    # It unwinds, so the live view restores the cursor.
    raise Terminated


def _ignore_signals() -> None:
    # The command ends already: what comes now would only break into that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _spell_out_what_cannot_be_encoded() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _flush_or_tell() -> None:
    """Write what is left, which Python itself would only do, and complain of, at its very end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _leave(READER_GONE)
    except OSError as error:
        _leave(BROKEN, told=_account(error))


def _account(error: Exception) -> str:
    """What is told of an error that no command expects."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO, errno.EBADF}:
        return f"What there is to tell cannot be written: {error.strerror}.\nMake room for it.\n"
    if os.environ.get(DEBUG):
        import traceback  # noqa: PLC0415 # see above

        return "".join(traceback.format_exception(error))
    name = type(error).__name__
    said = " ".join(str(error).split())
    return (
        f"A fault of this command: {f'{name}: {said}' if said else name}\n"
        f"Call it again with {DEBUG}=1, and report what that shows; what runs is not touched.\n"
    )


def _leave(code: int, *, told: str = "") -> NoReturn:
    """Exit without waiting for threads that only read what nobody looks at any more."""
    # A shell that waits for a completion is no place for problems.
    if told and _COMPLETING not in os.environ:
        with suppress(OSError):
            sys.stderr.write(told)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
