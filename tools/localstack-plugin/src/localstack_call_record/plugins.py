"""The entry point through which LocalStack loads the recorder; only this module imports it."""

import os
from pathlib import Path

from localstack.runtime import hooks

from localstack_call_record.gateway import Gateway
from localstack_call_record.record import VARIABLE, CallRecord


@hooks.on_infra_start(priority=30)  # type: ignore[untyped-decorator] # LocalStack ships without types
def record_calls() -> None:
    """Notes the calls of roles in the file that CALL_RECORD names; without it, nothing is noted."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    # Imported late: LocalStack is being set up until then.
    from localstack.aws import handlers  # noqa: PLC0415 - as above
    from localstack.utils.aws.request_context import (  # noqa: PLC0415 - as above
        extract_access_key_id_from_auth_header,
    )

    gateway = Gateway(CallRecord(Path(path)), extract_access_key_id_from_auth_header)
    handlers.run_custom_finalizers.append(gateway)
