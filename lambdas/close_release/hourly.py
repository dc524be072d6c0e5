"""The jobs of the hourly rule."""

from collections.abc import Callable

from release_core.logs import log_of

log = log_of(__name__)


def run_each(*jobs: Callable[[], None]) -> None:
    """Run each job, although one before it has failed; raises the first error after all of them."""
    errors: list[Exception] = []
    for job in jobs:
        try:
            job()
        except Exception as error:  # one bad item must not keep the next jobs from running
            log.warning("a job of the hour failed: %s", error, exc_info=True)
            errors.append(error)
    if errors:
        raise errors[0]
