"""Spares what LocalStack has loaded from garbage collections, during which it answers nobody.

Its start leaves a million objects that are there to stay. A full collection looks at each of them:
that is most of a second on a slow machine, some minutes after the last one.
"""

import gc


def freeze() -> None:
    """Leave all that is there out of collections to come."""
    gc.collect()
    gc.freeze()
