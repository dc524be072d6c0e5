"""When a commit was made and by whom, as the output variables of a source action tell."""

from datetime import UTC, datetime
from typing import Any

import pytest

from release_core.aws.action_runs import read_action_run
from release_core.aws.commits import read_commit
from release_core.domain.revisions import MAX_AUTHOR, Commit

AT = datetime(2026, 11, 21, 16, 30, 5, tzinfo=UTC)
CONNECTION = {
    "AuthorDate": "2026-11-21T16:30:05Z",
    "AuthorDisplayName": "Grace Hopper",
    "AuthorEmail": "grace@example.com",
    "AuthorId": "7421",
    "BranchName": "main",
    "CommitId": "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204",
    "CommitMessage": "Show prices with tax",
    "ConnectionArn": "arn:aws:codeconnections:eu-central-1:123456789012:connection/1",
    "FullRepositoryName": "shop/orders",
}
CODECOMMIT = {
    "AuthorDate": "2026-11-01T09:00:00Z",
    "BranchName": "main",
    "CommitId": "3f2a9c0d5b7e41f8a6c2d9e0b1f3a5c7d9e1f204",
    "CommitMessage": "Show prices with tax",
    "CommitterDate": "2026-11-21T17:30:05+01:00",
    "RepositoryName": "orders",
}
S3 = {"BucketName": "sources", "ObjectKey": "app.zip", "VersionId": "v1", "ETag": "e"}


@pytest.mark.parametrize(
    ("variables", "commit"),
    [
        (CONNECTION, Commit(at=AT, author="Grace Hopper")),
        (CODECOMMIT, Commit(at=AT)),
        (S3, None),
        ({}, None),
        ({"AuthorDate": "2026-11-21T16:30:05.123456Z"}, Commit(at=AT.replace(microsecond=123456))),
        ({"AuthorDate": "2026-11-21T16:30:05"}, None),  # in which zone?
        ({"AuthorDate": "yesterday"}, None),
        ({"AuthorDate": "0001-01-01T00:00:00+14:00"}, None),
        ({"CommitterDate": "", "AuthorDate": "2026-11-21T16:30:05Z"}, Commit(at=AT)),
        ({"AuthorId": "7421"}, Commit(author="7421")),
        ({"AuthorDisplayName": "grace@example.com", "AuthorId": "7421"}, Commit(author="7421")),
        ({"AuthorId": "grace@example.com"}, None),
        ({"AuthorEmail": "grace@example.com"}, None),
        ({"AuthorDisplayName": " A\n\u202eB \x1b[31m"}, Commit(author="A B [31m")),
        ({"AuthorDisplayName": "\n"}, None),
        ({"AuthorDisplayName": "x" * 500}, Commit(author="x" * MAX_AUTHOR)),
    ],
)
def test_what_a_source_action_tells(variables: dict[str, str], commit: Commit | None) -> None:
    """The committer's date before the author's; a name, and never an e-mail address."""
    assert read_commit(variables) == commit


@pytest.mark.parametrize(
    ("category", "commit"), [("Source", Commit(at=AT, author="Grace Hopper")), ("Build", None)]
)
def test_only_source_actions_tell_it(category: str, commit: Commit | None) -> None:
    """A build may have variables of the same names."""
    kind = {"category": category, "owner": "AWS", "provider": "Any", "version": "1"}
    listed: Any = {
        "actionExecutionId": "run-1",
        "stageName": "Source",
        "actionName": "Fetch",
        "startTime": AT,
        "status": "Succeeded",
        "input": {"actionTypeId": kind},
        "output": {"outputVariables": CONNECTION},
    }
    assert read_action_run(listed, None).commit == commit
    assert read_action_run(listed | {"output": {}}, None).commit is None
