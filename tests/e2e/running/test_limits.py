"""maxConcurrency bounds how many pipelines of a release run at the same time."""

import pytest

from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform

LIMIT = 2


def test_the_limit_holds_while_many_functions_advance(
    releases: Releases, pipelines: Pipelines
) -> None:
    """Of six pipelines never more than two run at once, by CodePipeline's own times.

    All six tasks and the event of every end ask for a free slot at the same time.
    """
    names = [pipelines.make() for _ in range(6)]

    arn = releases.start(manifest(unique("many"), *names, maxConcurrency=LIMIT))

    assert releases.end(arn)["status"] == "SUCCEEDED"
    executions = [execution for name in names for execution in pipelines.executions(name)]
    assert len(executions) == len(names)
    spans = [(each["startTime"], each["lastUpdateTime"]) for each in executions]
    for moment, _ in spans:
        assert sum(start <= moment < end for start, end in spans) <= LIMIT
