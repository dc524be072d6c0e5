"""The check of all logs detects what must not be logged."""

import json
import logging
from typing import Any

import pytest

from release_core.logs import about, log_of
from tests.fakes.secrets import keep_secret
from tests.worlds.logged import Lines, keep_variables_secret, tokens_in, watched
from tests.worlds.release_world import ReleaseWorld

TOKEN = "AQCEAAAAKgAAAAMAAAAA00000001="
log = log_of("release_core.apply.advance")


def check(lines: Lines, complaint: str) -> None:
    """The lines are refused with this complaint."""
    with pytest.raises(AssertionError, match=complaint):
        lines.check()


def test_a_token_is_detected_wherever_it_is_in_a_line() -> None:
    """In the message, in a field, and in an error that is logged."""
    leaks: tuple[tuple[str, dict[str, Any]], ...] = (
        (f"settled {TOKEN}", {}),
        ("settled", {"extra": {"token": TOKEN}}),
        ("failed", {"exc_info": ValueError(f"no task {TOKEN}")}),
    )
    for message, shown in leaks:
        with watched() as lines, about(release_id="r"):
            keep_secret(TOKEN)
            log.error(message, **shown)
        check(lines, "logs .*AQCE")


def test_the_value_of_a_variable_is_detected() -> None:
    """Every value in a manifest, however it was handed in."""
    manifest = {"pipelines": [{"name": "orders", "variables": {"STAGE": "hunter2"}}]}
    for handed_in in (manifest, {"manifest": manifest}):
        with watched() as lines, about(release_id="r"):
            keep_variables_secret(json.dumps(handed_in))
            log.warning("could not start: hunter2 is wrong")
        check(lines, "logs .*hunter2")


def test_tokens_and_variables_of_a_release_are_known(world: ReleaseWorld) -> None:
    """The worlds name their secrets, so that a leak anywhere in the suite is detected."""
    with watched() as lines:
        world.codepipeline.create_pipeline(pipeline=with_variable(world))
        arn = world.begin({"name": "web", "variables": {"STAGE": "hunter2"}})
        token = world.wait(arn, "web")
        lines.check()
        with about(release_id="r"):
            log.info("%s", token)
        check(lines, "logs .*AQCE")
        lines.records.clear()
        with about(release_id="r"):
            log.info("hunter2")
        check(lines, "logs .*hunter2")


@pytest.mark.parametrize("token", [TOKEN, "9a0b8c1d-0000-4fff-8aaa-0123456789ab"])
@pytest.mark.parametrize("around", ['{"message": "%s"}', "token=%s", "for-%s.", "%s"])
def test_a_token_is_found_among_many_lines(token: str, around: str) -> None:
    """The check of the logs on the platform detects tokens of AWS and those of the platform."""
    lines = ["nothing", around % token, '{"requestId": "11111111-0000-4fff-8aaa-0123456789ab"}']
    assert tokens_in(lines, {token, "another token"}) == {token}
    assert tokens_in(["nothing", lines[2]], {token}) == set()


def test_a_line_about_nothing_is_detected() -> None:
    """A line without a release or an execution cannot be found."""
    with watched() as lines:
        log.info("decided: start")
        check(lines, "about what")


def test_errors_that_end_an_invocation_are_watched(world: ReleaseWorld) -> None:
    """Lambda logs such an error as well; here the function has logged it."""
    with watched() as lines:
        with pytest.raises(Exception, match="no pipeline"):
            world.run_pipeline("r", "nowhere", TOKEN)
        (failed,) = [each for each in lines.records if each.levelno == logging.ERROR]
        assert vars(failed)["release_id"] == "r"
        lines.check()


def with_variable(world: ReleaseWorld) -> dict[str, object]:
    """A pipeline with a variable."""
    pipeline = world.codepipeline.get_pipeline(name="orders")["pipeline"]
    return {**pipeline, "name": "web", "variables": [{"name": "STAGE"}]}
