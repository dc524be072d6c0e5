"""The demo: reproducible sources, and a check that finds incomplete sites."""

import importlib.util
import io
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.demo import messages

DEMO = Path(__file__).parents[3] / "infra/demo"


def load(file: Path) -> ModuleType:
    """Import a module of the demo, which is not a package."""
    spec = importlib.util.spec_from_file_location(f"demo_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build_sources = load(DEMO / "build_sources.py")
check_site = load(DEMO / "functions/check_site/handler.py")


class CodePipeline:
    """Records the results of jobs."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, dict[str, Any]]] = []

    def put_job_success_result(self, **answer: Any) -> None:
        """Record a success."""
        self.answers.append(("success", answer))

    def put_job_failure_result(self, **answer: Any) -> None:
        """Record a failure."""
        self.answers.append(("failure", answer))


@pytest.fixture
def codepipeline(monkeypatch: pytest.MonkeyPatch) -> CodePipeline:
    """The client to which the check reports."""
    fake = CodePipeline()
    monkeypatch.setattr(check_site, "codepipeline", lambda: fake)
    return fake


def zipped(files: dict[str, str]) -> bytes:
    """A zip of these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for name, text in files.items():
            written.writestr(name, text)
    return archive.getvalue()


def job(service: str) -> dict[str, Any]:
    """A CodePipeline job for the check."""
    configuration = {"UserParameters": service}
    return {
        "CodePipeline.job": {
            "id": "job-1",
            "data": {"actionConfiguration": {"configuration": configuration}},
        }
    }


def test_the_same_version_is_the_same_revision(tmp_path: Path) -> None:
    """A site's zip changes only with its version; the check's zip stays the same."""
    for folder, version in (("a", "1.0"), ("b", "1.0"), ("c", "1.1")):
        build_sources.build(tmp_path / folder, version)
    for archive in sorted((tmp_path / "a").glob("*.zip")):
        again, later = (tmp_path / folder / archive.name for folder in "bc")
        assert archive.read_bytes() == again.read_bytes()
        if archive.stem != "check_site":
            assert archive.read_bytes() != later.read_bytes()


@pytest.mark.parametrize("service", [path.stem for path in (DEMO / "services").glob("*.json")])
def test_the_check_passes_every_service(service: str) -> None:
    """The check accepts each site that the demo builds."""
    archive = zipped(build_sources.site(service, "2.0 <beta>"))
    assert check_site.problems_of_site(archive, service) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"index.html": None}, "index.html is missing"),
        ({"version.json": None}, "version.json is missing"),
        ({"version.json": "[]"}, "version.json does not name a service and a version"),
        ({"version.json": "{"}, "version.json does not name a service and a version"),
        (
            {"index.html": "<h1>Storefront</h1>"},
            "index.html does not show version 1.0",
        ),
        (
            {"version.json": '{"service": "orders", "version": "1.0"}'},
            "this is the site of orders, not of storefront",
        ),
    ],
)
def test_the_check_names_what_is_wrong(change: dict[str, str | None], problem: str) -> None:
    """The check names the problem of an incomplete, outdated or foreign site."""
    files = {**build_sources.site("storefront", "1.0"), **change}
    archive = zipped({name: text for name, text in files.items() if text is not None})
    assert check_site.problems_of_site(archive, "storefront") == [problem]


def test_a_good_site_succeeds(codepipeline: CodePipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a good site the check reports success to CodePipeline."""
    site = zipped(build_sources.site("storefront", "1.0"))
    monkeypatch.setattr(check_site, "read_artifact", lambda data: site)
    check_site.handler(job("storefront"), None)
    assert codepipeline.answers == [("success", {"jobId": "job-1"})]


def test_a_bad_site_fails_with_the_reason(
    codepipeline: CodePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a broken zip the check reports a failure with the reason."""
    monkeypatch.setattr(check_site, "read_artifact", lambda data: b"not a zip")
    check_site.handler(job("storefront"), None)
    [(outcome, answer)] = codepipeline.answers
    assert outcome == "failure"
    assert answer["failureDetails"]["message"].startswith("the artifact cannot be read")


def test_an_unreadable_artifact_fails_the_job(
    codepipeline: CodePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If S3 denies access to the artifact, the check reports a failure and does not hang."""

    def refuse(data: object) -> bytes:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    monkeypatch.setattr(check_site, "read_artifact", refuse)
    check_site.handler(job("storefront"), None)
    assert [outcome for outcome, _ in codepipeline.answers] == ["failure"]


def kept_email(subject: str, to: str = messages.ADDRESS) -> dict[str, Any]:
    """An e-mail as the platform keeps it."""
    return {
        "Source": "release-machine <no-reply@sns.amazonaws.com>",
        "Destination": {"ToAddresses": [to]},
        "Subject": subject,
        "Body": {"text_part": "Release 7 SUCCEEDED\n", "html_part": None},
    }


def test_the_demo_shows_the_email_about_the_outcome() -> None:
    """Not the one that it has started, of another release, or to somebody else."""
    others = [
        kept_email("[release-machine] Release 7 started"),
        kept_email("[release-machine] Release 71 SUCCEEDED"),
        kept_email("[release-machine] Release 7 SUCCEEDED", to="ada@example.com"),
    ]
    assert messages.outcome_of("7", others) is None
    shown = messages.outcome_of("7", [*others, kept_email("[release-machine] Release 7 SUCCEEDED")])
    assert shown == (
        "From: release-machine <no-reply@sns.amazonaws.com>\n"
        "To: release-manager@example.com\n"
        "Subject: [release-machine] Release 7 SUCCEEDED\n\n"
        "Release 7 SUCCEEDED\n"
    )


def test_the_demo_fails_if_people_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo without the message that it promises is not a success."""
    monkeypatch.setattr(messages, "kept_emails", lambda _: [])
    monkeypatch.setattr(messages, "LONGEST_WAIT_SECONDS", 0.0)
    with pytest.raises(TimeoutError, match="make logs"):
        messages.wait_for_outcome("7", "http://127.0.0.1:1")
