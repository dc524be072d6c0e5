"""Log lines say what they are about."""

import logging

import pytest

from release_core.aws.clients import in_parallel
from release_core.logs import about, invocation, log_of, subject

log = log_of(__name__)
KEYS = ("release_id", "execution_arn", "pipeline", "execution_id")


@pytest.fixture(autouse=True)
def informed(caplog: pytest.LogCaptureFixture) -> None:
    """Keep lines of level INFO, too."""
    caplog.set_level(logging.INFO)


def subjects(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    """What each line is about."""
    return [
        {key: vars(record)[key] for key in KEYS if key in vars(record)} for record in caplog.records
    ]


def test_a_line_has_what_is_named_around_it(caplog: pytest.LogCaptureFixture) -> None:
    """What is named around a block is named in it, and no more after it."""
    with about(release_id="r", execution_arn="arn"):
        with about(pipeline="orders"):
            log.info("inside")
        log.info("outside")
    log.info("after")
    assert subjects(caplog) == [
        {"release_id": "r", "execution_arn": "arn", "pipeline": "orders"},
        {"release_id": "r", "execution_arn": "arn"},
        {},
    ]


def test_what_is_unknown_is_not_taken_from_around(caplog: pytest.LogCaptureFixture) -> None:
    """A pipeline without an execution does not have the execution of the one before."""
    with about(pipeline="orders", execution_id="1"), about(pipeline="web", execution_id=None):
        log.info("inside")
    assert subjects(caplog) == [{"pipeline": "web"}]


def test_a_line_may_have_more_fields(caplog: pytest.LogCaptureFixture) -> None:
    """Fields of one line are added to what it is about."""
    with about(release_id="r"):
        log.info("rejected", extra={"error": "ManifestInvalid"})
    (record,) = caplog.records
    assert vars(record)["error"] == "ManifestInvalid"
    assert vars(record)["release_id"] == "r"


def test_an_error_ends_the_block() -> None:
    """The next invocation of the process does not have the subject of one that failed."""
    with pytest.raises(ValueError, match="failed"), about(release_id="r"):
        raise ValueError("failed")
    assert subject() == {}


def test_what_ends_an_invocation_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Lambda does not know which release an error is about; an outcome is no error."""
    with pytest.raises(ValueError, match="no"), invocation(release_id="r"):
        raise ValueError("no")
    with pytest.raises(KeyError), invocation(KeyError, release_id="r"):
        raise KeyError("refused")
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "failed: ValueError: no")
    assert subjects(caplog) == [{"release_id": "r"}]


def test_threads_know_what_they_work_for() -> None:
    """Calls that are made at a time log what they are about, too."""
    with about(release_id="r"):
        assert in_parallel(lambda _: subject()["release_id"], range(3)) == ["r", "r", "r"]
