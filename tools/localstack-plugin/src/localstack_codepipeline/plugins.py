"""The entry points through which LocalStack loads the emulator."""

import os

from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.services.plugins import Service, aws_provider

from localstack_codepipeline.clients import client_for, send_events
from localstack_codepipeline.emulator import Emulator
from localstack_codepipeline.fault_routes import PATH, FaultRoutes
from localstack_codepipeline.faults import Faults
from localstack_codepipeline.provider import CodePipelineProvider

# One for the process, shared by the service and the endpoint for faults.
EMULATOR = Emulator(
    clients=client_for,
    send=send_events,
    faults=Faults(),
    starts_on_create=os.environ.get("CODEPIPELINE_START_ON_CREATE", "1") != "0",
)


def provide_codepipeline() -> Service:
    """Return the service `codepipeline`."""
    provider = CodePipelineProvider(EMULATOR)
    return Service.for_provider(provider, dispatch_table_factory=lambda one: one.dispatch_table())


def route_faults() -> None:
    """Serve the endpoint for faults on LocalStack's port."""
    routes = FaultRoutes(EMULATOR.faults, EMULATOR.outbox)
    ROUTER.add(PATH, routes.list_faults, methods=["GET"])
    ROUTER.add(PATH, routes.add_fault, methods=["POST"])
    ROUTER.add(PATH, routes.clear_faults, methods=["DELETE"])
    ROUTER.add(f"{PATH}/<fault_id>", routes.remove_fault, methods=["DELETE"])


# LocalStack registers these under the names of the entry points in pyproject.toml.
codepipeline = aws_provider(api="codepipeline")(provide_codepipeline)
serve_codepipeline_faults = hooks.on_infra_start(name="serve_codepipeline_faults")(route_faults)
