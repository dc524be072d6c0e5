"""Every error the functions raise, and every error name the workflow knows.

    ReleaseMachineError
    ├── SettingsInvalid          the environment of the function is incomplete
    ├── PipelineUnknown          a task asks for a pipeline that its release does not have
    ├── Rejection                the manifest never becomes a release
    │   ├── ManifestUnreadable   no JSON document could be read
    │   ├── ManifestInvalid      the document is not a manifest; carries every problem
    │   ├── ReleaseIdTaken       the id belongs to another manifest
    │   ├── ReleaseNotResumable  there is nothing to resume, or not yet
    │   ├── RollbackRefused      the release runs, is a rollback, or has nothing to roll back
    │   └── PipelinesBusy        another release holds a pipeline
    └── Unfinished               nothing is wrong yet; the caller's retry continues
        ├── ExecutionEnded       the workflow was stopped before its release was opened
        ├── OpeningElsewhere     another execution opens the same release at this instant
        ├── LedgerBusy           another writer was in the same item at the same instant
        ├── AdvanceUnfinished    a release kept asking for decisions
        ├── ExecutionTaken       an execution belongs to another release
        ├── StartUnresolved      a stopped release has a start or retry that may still be made
        ├── StopUnresolved       CodePipeline neither stops an execution nor says that it has ended
        └── AnnouncementRefused  EventBridge did not take the outcome

The class names of the rejections and StartUnresolved are names in statemachine.asl.json.
"""


class ReleaseMachineError(Exception):
    """The root of all errors raised on purpose."""


class SettingsInvalid(ReleaseMachineError):
    """The environment of the function lacks settings or holds wrong ones; names them all."""


class PipelineUnknown(ReleaseMachineError):
    """No release has the pipeline that a task was started for."""


class Rejection(ReleaseMachineError):
    """The manifest never becomes a release, whoever tries again."""


class ManifestUnreadable(Rejection):
    """No JSON document could be read from where the manifest should be."""


class ManifestInvalid(Rejection):
    """The document is not a valid manifest; the message has one line for each problem."""


class ReleaseIdTaken(Rejection):
    """The release id was claimed earlier with another manifest."""


class ReleaseNotResumable(Rejection):
    """The release to resume does not exist, or parts of it still run."""


class RollbackRefused(Rejection):
    """The release runs, is a rollback itself, or nothing was good before it; says what to do."""


class PipelinesBusy(Rejection):
    """Other releases hold pipelines that this release needs; the message names the holders."""


class Unfinished(ReleaseMachineError):
    """The work is not done yet; the retry of whoever called goes on with it."""


class ExecutionEnded(Unfinished):
    """The workflow execution ended before its release could be opened."""


class OpeningElsewhere(Unfinished):
    """Another execution has the same release's pipelines and is about to claim its id."""


class LedgerBusy(Unfinished):
    """DynamoDB cancelled a transaction because of another one in the same item."""


class AdvanceUnfinished(Unfinished):
    """A release still asked for decisions after the bounded number of rounds."""


class ExecutionTaken(Unfinished):
    """A pipeline execution is already recorded for another release."""


class StartUnresolved(Unfinished):
    """A stopped release has a pipeline whose start or retry may still be on its way."""


class StopUnresolved(Unfinished):
    """CodePipeline refused to stop an execution, and does not say that it has ended either."""


class AnnouncementRefused(Unfinished):
    """EventBridge did not accept the event that announces the outcome."""
