"""Which answers of AWS say that something cannot be seen, also when it is asked again."""

from botocore.exceptions import ClientError

_GONE = frozenset({"PipelineNotFoundException", "PipelineExecutionNotFoundException"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
# An answer to HeadObject has no body, so botocore gives the status as the code.
_OF_HEAD_OBJECT = frozenset({"403", "404"})


def is_unseen(error: ClientError) -> bool:
    """Whether what was asked for is gone, or the user may not read it.

    Throttling and credentials that have expired are not: the answer may come later.
    """
    return error.response["Error"]["Code"] in _GONE | _DENIED | _OF_HEAD_OBJECT
