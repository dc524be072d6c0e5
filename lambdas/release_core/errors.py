"""Every error that the functions raise on purpose.

    ReleaseMachineError
    ├── SettingsInvalid
    ├── PipelineUnknown
    ├── CalendarsThrottled
    ├── FreezesFull
    ├── FrozenForLonger
    ├── RequestRefused
    ├── RejectedBefore
    ├── StartRefused (defined in aws/codepipeline.py)
    ├── Rejection
    │   ├── ManifestUnreadable
    │   ├── ManifestInvalid
    │   ├── ReleaseIdTaken
    │   ├── ReleaseNotResumable
    │   ├── RollbackRefused
    │   └── PipelinesBusy
    └── Unfinished
        ├── ExecutionEnded
        ├── OpeningElsewhere
        ├── LedgerBusy
        ├── AdvanceUnfinished
        ├── ExecutionTaken
        ├── StartUnresolved
        ├── StopUnresolved
        ├── EndUnconfirmed
        └── AnnouncementRefused

The workflow, statemachine.asl.json, names OpeningElsewhere, StartUnresolved and EndUnconfirmed.
A Rejection never leaves a function: open_release answers the workflow with it.
"""

from collections.abc import Iterable


class ReleaseMachineError(Exception):
    """The base class of these errors."""


class SettingsInvalid(ReleaseMachineError):
    """The environment of the function lacks settings or has invalid ones; names all of them."""


class PipelineUnknown(ReleaseMachineError):
    """A task was started for a pipeline that its release does not have."""


class CalendarsThrottled(ReleaseMachineError):
    """SSM did not answer whether the change calendars are open, because it is asked too often."""


class FreezesFull(ReleaseMachineError):
    """There are as many freezes as there can be."""


class FrozenForLonger(ReleaseMachineError):
    """The freeze of this scope ends later than the one that would replace it."""


class RequestRefused(ReleaseMachineError):
    """The API answers a request with this HTTP status and a message that says what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RejectedBefore(ReleaseMachineError):
    """Another try of this opening has rejected the manifest: that rejection is the answer."""


class Rejection(ReleaseMachineError):
    """The manifest cannot become a release; a retry changes nothing.

    The message has a bounded number of ``problems``, and the attribute has all, one line for each.
    """

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (message,)


class ManifestUnreadable(Rejection):
    """The manifest could not be read, or is not valid JSON."""


class ManifestInvalid(Rejection):
    """The document is not a valid manifest; the message has one line for each problem."""


class ReleaseIdTaken(Rejection):
    """A release with this id exists and was opened with another manifest."""


class ReleaseNotResumable(Rejection):
    """The release to resume does not exist, was rolled back, or parts of it still run."""


class RollbackRefused(Rejection):
    """The release cannot be rolled back, or not yet; the message says what to do."""


class PipelinesBusy(Rejection):
    """Other releases hold pipelines that this release needs, or came first and wait for them."""


def rejection_of(why: str) -> Rejection:
    """The rejection that is on record as its name and its message."""
    name, _, cause = why.partition(": ")
    known = {each.__name__: each for each in Rejection.__subclasses__()}
    return known.get(name, Rejection)(cause)


class Unfinished(ReleaseMachineError):
    """The work is not finished and nothing is wrong: a retry of the caller continues it."""


class ExecutionEnded(Unfinished):
    """The workflow execution ended before its release was opened."""


class OpeningElsewhere(Unfinished):
    """Another workflow execution is opening the same release: it holds a lock, not the id yet."""


class LedgerBusy(Unfinished):
    """DynamoDB cancelled a conflicting transaction, or left keys of a batch read unprocessed."""


class AdvanceUnfinished(Unfinished):
    """Decisions were still due after the maximum number of rounds."""


class ExecutionTaken(Unfinished):
    """The pipeline execution is recorded for another release or attempt."""


class StartUnresolved(Unfinished):
    """A release that starts nothing more has a start or retry that may still happen."""


class StopUnresolved(Unfinished):
    """CodePipeline did not accept a stop, and does not report that the execution has ended."""


class EndUnconfirmed(Unfinished):
    """CodePipeline shows another state than the end on record, which may be newer."""


class AnnouncementRefused(Unfinished):
    """EventBridge did not accept the event that announces an outcome."""
