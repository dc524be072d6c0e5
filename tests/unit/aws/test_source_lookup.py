"""Pinned and newest revisions are looked up at their source provider."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Barrier, BrokenBarrierError
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from release_core.aws.clients import in_parallel
from release_core.aws.source_lookup import Lookup, RevisionSources, newest_of
from release_core.domain.declarations import SourceAction
from release_core.domain.revisions import MAX_AUTHOR, Pin
from tests.fakes.service import Refused, service


def asking(make_client: Callable[[str], Any]) -> RevisionSources:
    """Look up revisions with these clients."""
    return RevisionSources(make_client, make_client)


class Refusing:
    """A client that answers every call with one error."""

    def __init__(self, name: str, refusal: Refused) -> None:
        self._name, self._refusal = name, refusal

    def __getattr__(self, method: str) -> Any:
        """Return a method that raises the error."""

        def refuse(**_: Any) -> None:
            raise service(self._name).error(self._refusal, method)

        return refuse


@pytest.mark.parametrize(
    ("provider", "kind", "code", "exists"),
    [
        ("CodeCommit", "COMMIT_ID", "CommitIdDoesNotExistException", False),
        ("CodeCommit", "COMMIT_ID", "AccessDeniedException", None),
        ("ECR", "IMAGE_DIGEST", "ImageNotFoundException", False),
        ("ECR", "IMAGE_DIGEST", "RepositoryNotFoundException", False),
        ("CodeStarSourceConnection", "COMMIT_ID", "", None),
    ],
)
def test_each_provider_is_asked_in_its_own_way(
    provider: str, kind: str, code: str, exists: bool | None
) -> None:
    """A revision that the provider does not find is absent; without an answer it is unknown."""
    name = provider.lower()
    sources = asking(lambda _: Refusing(name, Refused(code, "no")))
    source = SourceAction(name="S", provider=provider, configuration={"RepositoryName": "shop"})
    found = sources.find(source, [Pin(action="S", type=kind, revision="1")])
    assert found.exists is exists
    assert bool(found.note) is (exists is None)


@pytest.mark.parametrize(
    ("status", "version", "exists"),
    [
        (404, "v1", False),
        (405, "v1", False),
        (400, "v1", False),
        (403, "v1", None),
        (404, None, False),
        (403, None, None),
        (400, None, None),
    ],
)
def test_an_object_is_absent_only_if_s3_says_so(
    status: int, version: str | None, exists: bool | None
) -> None:
    """HeadObject names no error. 400 is for an invalid version, or for the caller's own key."""
    sources = asking(lambda _: Refusing("s3", Refused(str(status), "no", status=status)))
    where = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
    source = SourceAction(name="S", provider="S3", configuration=where)
    pins = [Pin(action="S", type="S3_OBJECT_VERSION_ID", revision=version)] if version else []
    assert sources.find(source, pins).exists is exists


def test_a_throttled_lookup_is_raised() -> None:
    """A throttle is raised and not taken for an answer."""
    busy = asking(lambda _: Refusing("ecr", Refused("ThrottlingException", "slow")))
    source = SourceAction(name="S", provider="ECR", configuration={"RepositoryName": "shop"})
    with pytest.raises(ClientError, match="slow"):
        busy.find(source, [Pin(action="S", type="IMAGE_DIGEST", revision="1")])


@pytest.mark.parametrize(
    ("provider", "kind"),
    [("CodeCommit", "COMMIT_ID"), ("ECR", "IMAGE_DIGEST"), ("S3", "S3_OBJECT_VERSION_ID")],
)
def test_a_source_of_another_account_is_not_looked_up(provider: str, kind: str) -> None:
    """A source that is read with a role of another account is not looked up, with a note."""
    role = "arn:aws:iam::222222222222:role/source-access"
    source = SourceAction(name="S", provider=provider, foreign_role=role)
    found = asking(pytest.fail).find(source, [Pin(action="S", type=kind, revision="1")])
    assert found == Lookup(exists=None, note=f"its source is read in another account, with {role}")


@pytest.mark.parametrize(
    ("provider", "kind", "origin"),
    [
        ("S3", "S3_OBJECT_VERSION_ID", {"S3Bucket": "s3://shop", "S3ObjectKey": "app.zip"}),
        ("S3", "S3_OBJECT_VERSION_ID", {"S3Bucket": "shop", "S3ObjectKey": ""}),
        ("CodeCommit", "COMMIT_ID", {"RepositoryName": ""}),
    ],
)
def test_an_invalid_place_has_no_revisions(
    provider: str, kind: str, origin: dict[str, str]
) -> None:
    """A place with an invalid name has no revisions, although botocore cannot ask about it."""
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    sources = asking(session.client)  # type: ignore[arg-type] # overloaded: one for each service
    source = SourceAction(name="S", provider=provider, configuration=origin)
    assert sources.find(source, [Pin(action="S", type=kind, revision="1")]) == Lookup(exists=False)


def test_clients_are_made_one_at_a_time_and_once() -> None:
    """Parallel lookups create each client once, and never two at the same time."""
    meeting = Barrier(2)
    made: list[str] = []

    def make_client(service: str) -> Refusing:
        made.append(service)
        with pytest.raises(BrokenBarrierError):  # no second thread arrives
            meeting.wait(timeout=0.2)
        return Refusing(service, Refused("AccessDeniedException", "no"))

    sources = asking(make_client)
    wanted = [("CodeCommit", "COMMIT_ID"), ("ECR", "IMAGE_DIGEST")] * 3

    def find(each: tuple[str, str]) -> Lookup:
        provider, kind = each
        source = SourceAction(name="S", provider=provider)
        return sources.find(source, [Pin(action="S", type=kind, revision="1")])

    assert all(found.note for found in in_parallel(find, wanted))
    assert sorted(made) == ["codecommit", "ecr"]


class Answering:
    """A client of CodeCommit and ECR that has one branch and one image."""

    def get_branch(self, **asked: str) -> dict[str, Any]:
        """Answer for the branch main."""
        assert asked == {"repositoryName": "shop", "branchName": "main"}
        return {"branch": {"commitId": "c0ffee"}}

    def get_commit(self, **asked: str) -> dict[str, Any]:
        """Answer for any commit."""
        assert asked["repositoryName"] == "shop"
        author = {"name": "Ana", "date": "1484167798 -0800"}
        return {"commit": {"message": f"Fix {asked['commitId']}\n", "author": author}}

    def describe_images(self, **asked: Any) -> dict[str, Any]:
        """Answer for the image with the tag live."""
        assert asked == {"repositoryName": "shop", "imageIds": [{"imageTag": "live"}]}
        return {"imageDetails": [{"imageDigest": "sha256:1", "imagePushedAt": PUSHED}]}


PUSHED = datetime(2026, 11, 22, tzinfo=UTC)
COMMITTED = datetime(2017, 1, 11, 20, 49, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("provider", "more", "pins", "found", "of"),
    [
        (
            "CodeCommit",
            {"BranchName": "main"},
            [],
            Lookup(
                exists=True,
                revision="c0ffee",
                message="Fix c0ffee\n",
                author="Ana",
                made_at=COMMITTED,
            ),
            "shop branch main",
        ),
        (
            "CodeCommit",
            {"BranchName": "main"},
            [Pin(action="S", type="COMMIT_ID", revision="1")],
            Lookup(exists=True, revision="1", message="Fix 1\n", author="Ana", made_at=COMMITTED),
            "shop branch main",
        ),
        (
            "ECR",
            {"ImageTag": "live"},
            [],
            Lookup(exists=True, revision="sha256:1", made_at=PUSHED),
            "shop tag live",
        ),
    ],
)
def test_the_newest_revision_is_looked_up(
    provider: str, more: dict[str, str], pins: list[Pin], found: Lookup, of: str
) -> None:
    """A branch names its commit, and a tag its image; a commit names its author."""
    source = SourceAction(
        name="S", provider=provider, configuration={"RepositoryName": "shop", **more}
    )
    assert asking(lambda _: Answering()).find(source, pins) == found
    assert newest_of(source) == of


AUTHORED, REBASED = "1484167000 -0800", "1484167798 +0100"


@pytest.mark.parametrize(
    ("author", "committer", "told"),
    [
        ({"name": "Ana", "date": AUTHORED}, {"date": REBASED}, ("Ana", COMMITTED)),
        ({"name": "ana@example.com", "date": REBASED}, {}, (None, COMMITTED)),
        ({"name": "A\n\u202eB" + "x" * 500}, {}, ("A B" + "x" * (MAX_AUTHOR - 3), None)),
        ({"name": ""}, {"date": "yesterday"}, (None, None)),
        ({"date": "253402300800 +0000"}, {}, (None, None)),  # the year 10000
        ({"date": "9" * 30}, {}, (None, None)),
        ({"date": "9" * 5_000 + " +0000"}, {}, (None, None)),
        ({"date": REBASED}, {"date": "253402300800 +0000"}, (None, COMMITTED)),
    ],
)
def test_what_a_commit_tells(
    author: dict[str, str], committer: dict[str, str], told: tuple[str | None, datetime | None]
) -> None:
    """The committer's date first, a name and no e-mail address; git takes any number for a date."""

    class Repository(Answering):
        def get_commit(self, **_: str) -> dict[str, Any]:
            return {"commit": {"message": "Fix", "author": author, "committer": committer}}

    where = {"RepositoryName": "shop", "BranchName": "main"}
    source = SourceAction(name="S", provider="CodeCommit", configuration=where)
    found = asking(lambda _: Repository()).find(source)
    assert (found.author, found.made_at) == told


def test_a_newest_revision_is_not_worth_an_error() -> None:
    """A throttle is only noted: no pin depends on the answer."""
    busy = asking(lambda _: Refusing("ecr", Refused("ThrottlingException", "slow")))
    source = SourceAction(name="S", provider="ECR", configuration={"RepositoryName": "shop"})
    assert busy.find(source) == Lookup(exists=None, note="ECR answered ThrottlingException")
    assert newest_of(source) == "shop tag latest"
    assert newest_of(SourceAction(name="S", provider="Custom")) is None


def test_a_branch_that_is_a_variable_is_not_looked_up() -> None:
    """Its value is not known before the pipeline runs; values that are known are not shown."""
    where = {"RepositoryName": "shop", "BranchName": "#{variables.TEAM}/#{variables.BRANCH}"}
    source = SourceAction(name="S", provider="CodeCommit", configuration=where)
    assert asking(pytest.fail).find(source, variables={"TEAM": "hunter2"}).note == (
        "the value of #{variables.TEAM}/#{variables.BRANCH} is not known before the pipeline runs"
    )


def test_a_branch_that_is_a_known_variable_is_looked_up() -> None:
    """It is asked for by its value."""
    where = {"RepositoryName": "shop", "BranchName": "#{variables.BRANCH}"}
    source = SourceAction(name="S", provider="CodeCommit", configuration=where)
    found = asking(lambda _: Answering()).find(source, variables={"BRANCH": "main"})
    assert found.revision == "c0ffee"


def test_a_service_that_cannot_be_reached_is_asked_once() -> None:
    """Newest revisions of it are not known, with a note; the other services are asked."""
    asked: list[str] = []

    class Unreachable:
        def head_object(self, **_: str) -> None:
            asked.append("s3")
            raise EndpointConnectionError(endpoint_url="https://s3")

    brief = {"s3": Unreachable(), "codecommit": Answering()}
    sources = RevisionSources(pytest.fail, brief.__getitem__)
    where = {"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
    source = SourceAction(name="S", provider="S3", configuration=where)
    unknown = Lookup(exists=None, note="S3 could not be reached")
    assert [sources.find(source), sources.find(source)] == [unknown, unknown]
    assert asked == ["s3"]
    where = {"RepositoryName": "shop", "BranchName": "main"}
    other = SourceAction(name="S", provider="CodeCommit", configuration=where)
    assert sources.find(other).revision == "c0ffee"
    pin = Pin(action="S", type="S3_OBJECT_VERSION_ID", revision="v1")
    with pytest.raises(EndpointConnectionError):
        asking(brief.__getitem__).find(source, [pin])
