"""The handler answers the workflow with a rejection, and raises what a retry may repair."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from open_release.handler import OUTCOME, handler
from release_core.apply.wiring import FunctionParts
from release_core.errors import ManifestInvalid
from release_core.strict_json import write_json
from tests.fakes.service import Refused
from tests.simulation.world.functions import ENVIRONMENT
from tests.worlds.faults import refuse
from tests.worlds.release_world import ReleaseWorld


class Context:
    """Lambda's context at the beginning of an invocation."""

    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        """Three minutes."""
        return int(timedelta(minutes=3) / timedelta(milliseconds=1))


@pytest.fixture(autouse=True)
def deployed(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler gets its settings from the environment, and its clients from the world."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    parts = world.parts("open-release")
    monkeypatch.setattr(FunctionParts, "of", lambda *_settings, **_more: parts)


@pytest.mark.parametrize("dry", [False, True])
def test_a_rejection_is_the_answer_of_the_function(world: ReleaseWorld, dry: bool) -> None:
    """The answer has the error and the whole message, also for a dry run; nothing is raised."""
    manifest = {"releaseId": "r", "pipelines": ["orders", "nowhere"], "dryRun": dry}
    text = write_json(manifest)
    event = {"execution_arn": world.start(text), "rejection": OUTCOME}
    answer = handler(event, Context())
    assert answer is not None
    assert answer.keys() == {"outcome", "error", "cause"}
    assert (answer["outcome"], answer["error"]) == ("REJECTED", "ManifestInvalid")
    assert "has 1 problem:\n- pipelines[1]: there is no pipeline 'nowhere'" in answer["cause"]


def test_an_earlier_workflow_gets_the_error_that_it_catches(world: ReleaseWorld) -> None:
    """Its definition knows no outcome REJECTED, so the rejection fails the function, as before."""
    text = write_json({"releaseId": "r", "pipelines": ["orders", "nowhere"]})
    with pytest.raises(ManifestInvalid, match="there is no pipeline 'nowhere'"):
        handler({"execution_arn": world.start(text)}, Context())


def test_another_error_is_an_error_of_the_function(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workflow retries it, and nothing is rejected."""
    refuse(monkeypatch, world.step_functions, "describe_execution", Refused("Throttled", "slow"))
    with pytest.raises(ClientError):
        handler({"execution_arn": world.start("{}"), "rejection": OUTCOME}, Context())
    assert world.items("releases") == []
