"""A manifest is verified whole before anything is started; a refusal says all that is wrong."""

from collections.abc import Iterator

import pytest

from tests.e2e.account.ledger import Ledger
from tests.e2e.releasing.pipelines import Estate, Pipelines, unique
from tests.e2e.releasing.refusals import Refusals
from tests.e2e.releasing.releases import Releases, manifest

pytestmark = pytest.mark.platform


@pytest.fixture(autouse=True)
def nothing_starts(pipelines: Pipelines, estate: Estate) -> Iterator[None]:
    """None of the tests of this file may start a pipeline."""
    before = len(pipelines.executions(estate.catalog))
    yield
    assert len(pipelines.executions(estate.catalog)) == before


def test_all_problems_are_told_at_once_with_their_paths(
    releases: Releases, ledger: Ledger, refusals: Refusals, estate: Estate
) -> None:
    """One refusal names every problem of a manifest, each on a line with its path."""
    release_id = unique("problems")
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
        "pipelines[5].dependsOn[0]: 'nobody' is not a pipeline of this release",
        "pipelines[5].retries: must be a whole number from 0 to 10",
        "onFailure: must be halt, continue, stop or rollback",
        "colour: unknown key",
    ):
        assert [line for line in lines if problem in line], problem
    assert ledger.items(release_id) == []


def test_a_refused_id_is_free(releases: Releases, refusals: Refusals, estate: Estate) -> None:
    """A manifest that was refused has not claimed its id: refused twice, for the same reason."""
    document = manifest(unique("free"), estate.catalog, "no-such-pipeline")
    first = refusals.cause(releases.start(document), "ManifestInvalid", "direct")
    assert refusals.cause(releases.start(document), "ManifestInvalid", "direct") == first
