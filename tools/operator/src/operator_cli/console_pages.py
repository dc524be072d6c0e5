"""Where AWS's console is: an emulator has none, and the other partitions have theirs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.client import ClientMeta


def console_region(meta: ClientMeta) -> str | None:
    """The Region whose console shows what a client asks for; None where there is no console."""
    if meta.partition != "aws" or not meta.endpoint_url.endswith(".amazonaws.com"):
        return None
    return meta.region_name
