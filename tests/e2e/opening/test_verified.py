"""A manifest is checked as a whole before anything starts; a rejection names every problem."""

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases

pytestmark = pytest.mark.platform


def test_all_problems_are_named_at_once_with_their_paths(
    releases: Releases,
    ledger: Ledger,
    refusals: Refusals,
    pipelines: Pipelines,
    estate: Estate,
) -> None:
    """One rejection names every problem of a manifest, each on a line with its path."""
    release_id = unique("problems")
    before = pipelines.executions(estate.catalog)
    arn = releases.start(
        {
            "releaseId": release_id,
            "pipelines": [
                estate.catalog,
                {"name": estate.catalog},
                "no-such-pipeline",
                {"nme": "typo"},
                "line\nbreak",
                {"name": estate.orders, "dependsOn": ["nobody"], "retries": -1},
            ],
            "onFailure": "explode",
            "colour": "red",
        }
    )

    cause = refusals.cause(arn, "ManifestInvalid", "direct")

    lines = cause.splitlines()
    assert lines[0] == f"The manifest has {len(lines) - 1} problems:"
    for problem in (
        f"pipelines[1]: '{estate.catalog}' is listed more than once",
        "pipelines[2]: there is no pipeline 'no-such-pipeline' in this account and Region",
        "pipelines[3].name: is required",
        "pipelines[3].nme: unknown key; did you mean `name`?",
        "pipelines[4]: there is no pipeline 'line\\nbreak' in this account and Region",
        "pipelines[5].dependsOn[0]: 'nobody' is not a pipeline or approval of this release",
        "pipelines[5].retries: must be a whole number from 0 to 10",
        "onFailure: must be halt, continue, stop or rollback",
        "colour: unknown key",
    ):
        assert [line for line in lines if problem in line], problem
    assert ledger.items(release_id) == []
    assert pipelines.executions(estate.catalog) == before
