"""How the command ends when it is not by the outcome of what it did."""

BROKEN = 70
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143
