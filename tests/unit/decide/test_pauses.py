"""How long a start that CodePipeline refused waits before it is tried again."""

from datetime import timedelta

from release_core.decide.timing import START_PATIENCE, pause_before_start


def test_pauses_grow_up_to_five_minutes() -> None:
    """Each pause is between half and all of 20 seconds, doubled with each refusal."""
    for refusals in range(20):
        longest = min(300, 20 * 2**refusals)
        pause = pause_before_start(refusals, key="arn orders").total_seconds()
        assert longest / 2 <= pause <= longest


def test_pipelines_that_were_refused_together_do_not_come_back_together() -> None:
    """The jitter differs between pipelines, and is the same when a decision is repeated."""
    pauses = {pause_before_start(4, key=f"arn {number}") for number in range(100)}
    assert len(pauses) == 100
    assert pause_before_start(4, key="arn 0") in pauses


def test_an_hour_of_refusals_is_a_few_tries() -> None:
    """The history of a task has 25,000 events, and each try adds eight."""
    waited, tries = timedelta(0), 0
    while waited < START_PATIENCE:
        waited += pause_before_start(tries, key="arn orders")
        tries += 1
    assert tries < 40
