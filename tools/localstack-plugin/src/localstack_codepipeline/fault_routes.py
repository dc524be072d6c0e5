"""The HTTP endpoint for faults: `/_codepipeline/faults` on LocalStack's port."""

import json
from typing import Any

from rolo import Request, Response

from localstack_codepipeline.faults import Faults, InvalidFaultError
from localstack_codepipeline.outbox import Outbox

PATH = "/_codepipeline/faults"


class FaultRoutes:
    """GET lists the faults, POST adds one, DELETE removes all of them or one by its id."""

    def __init__(self, faults: Faults, outbox: Outbox) -> None:
        self._faults = faults
        self._outbox = outbox

    def list_faults(self, request: Request) -> Response:
        """Return all faults with how often each has fired."""
        return _answer({"faults": self._faults.shown()}, status=200)

    def add_fault(self, request: Request) -> Response:
        """Add a fault; a 400 response names every mistake in it."""
        try:
            fault = self._faults.add(json.loads(request.get_data()))
        except InvalidFaultError as error:
            return _answer({"error": str(error)}, status=400)
        except ValueError as error:
            return _answer({"error": f"the body is not JSON: {error}"}, status=400)
        return _answer(fault, status=201)

    def clear_faults(self, request: Request) -> Response:
        """Remove all faults; events that a `reorder` fault holds back are sent."""
        return self._lift(None)

    def remove_fault(self, request: Request, fault_id: str) -> Response:
        """Remove one fault; 404 if no fault has that id."""
        return self._lift(fault_id)

    def _lift(self, fault_id: str | None) -> Response:
        lifted = self._faults.remove(fault_id)
        self._outbox.release(lifted)
        if fault_id and not lifted:
            return _answer({"error": f"no fault has the id {fault_id}"}, status=404)
        return _answer({"removed": lifted}, status=200)


def _answer(document: dict[str, Any], *, status: int) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
