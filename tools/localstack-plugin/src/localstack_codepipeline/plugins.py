"""The entry points through which LocalStack loads the emulator and serves its faults."""

import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.services.plugins import Service, aws_provider

from localstack_codepipeline.clients import caller_arn, client_for, send_events
from localstack_codepipeline.emulator import Emulator
from localstack_codepipeline.faults import InvalidFaultError
from localstack_codepipeline.model import ApiError
from localstack_codepipeline.model.service import OPERATIONS

FAULTS = "/_codepipeline/faults"

# One for the process, shared by the service and the endpoint for faults.
EMULATOR = Emulator(
    clients=client_for,
    send=send_events,
    starts_on_create=os.environ.get("CODEPIPELINE_START_ON_CREATE", "1") != "0",
    retry_after=float(os.environ.get("CODEPIPELINE_RETRY_AFTER", "0")),
)


@aws_provider(api="codepipeline")  # type: ignore[untyped-decorator] # LocalStack ships without types
def codepipeline() -> Service:
    """Return the service, which ends the emulator's threads when LocalStack stops."""
    operations = {operation: partial(perform, operation) for operation in OPERATIONS}
    skeleton = Skeleton(load_service("codepipeline"), operations)
    return Service("codepipeline", skeleton=skeleton, stop=EMULATOR.stop)


def perform(operation: str, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
    """Perform an operation; an error becomes LocalStack's exception, with AWS's code."""
    home = context.account_id, context.region
    try:
        return EMULATOR.perform(operation, dict(request), home=home, caller=caller_arn(context))
    except ApiError as error:
        status = error.status
        raise CommonServiceException(
            error.code, error.message, status_code=status, sender_fault=status < 500
        ) from error


@hooks.on_infra_start()  # type: ignore[untyped-decorator] # LocalStack ships without types
def serve_codepipeline_faults() -> None:
    """Serve the endpoint for faults on LocalStack's port."""
    ROUTER.add(FAULTS, serve_faults, methods=["GET", "POST", "DELETE"])
    ROUTER.add(f"{FAULTS}/<fault_id>", serve_faults, methods=["DELETE"])


def serve_faults(request: Request, fault_id: str | None = None) -> Response:
    """List the faults, add one, or remove all of them or one by its id."""
    faults = EMULATOR.faults
    match request.method:
        case "GET":
            return _answer({"faults": faults.shown()})
        case "POST":
            try:
                return _answer(EMULATOR.inject(json.loads(request.get_data())), status=201)
            except InvalidFaultError as error:
                return _answer({"error": str(error)}, status=400)
            except ValueError as error:
                return _answer({"error": f"the body is not JSON: {error}"}, status=400)
    removed = faults.remove(fault_id)
    EMULATOR.outbox.release(removed)
    if fault_id and not removed:
        return _answer({"error": f"no fault has the id {fault_id}"}, status=404)
    return _answer({"removed": removed})


def _answer(document: dict[str, Any], *, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
