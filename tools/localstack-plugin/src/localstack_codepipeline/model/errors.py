"""The errors of CodePipeline, one class for each code.

CodePipelineError
├── ValidationException, SerializationException
├── *NotFoundException (pipeline, version, execution, stage, action, job, resource)
├── Invalid*Exception (structure, stage, action, token, ARN, tags, job state, page)
└── conditions of the moment (ConflictException, NotLatest..., StageNotRetryable..., ...)

The class's name is AWS's error code. Source: the `errors` of each operation in AWS's service model.
"""


class CodePipelineError(Exception):
    """An error that AWS would answer; `code` is AWS's name for it and `message` its text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """Return AWS's name of the error."""
        return type(self).__name__


class ValidationException(CodePipelineError):
    """The request breaks a constraint of its shape, or asks what the pipeline does not allow."""


class SerializationException(CodePipelineError):
    """A member of the request has the wrong JSON type."""


class PipelineNotFoundException(CodePipelineError):
    """There is no pipeline of that name."""


class PipelineVersionNotFoundException(CodePipelineError):
    """The pipeline never had that version."""


class PipelineExecutionNotFoundException(CodePipelineError):
    """The pipeline has no execution of that id."""


class StageNotFoundException(CodePipelineError):
    """The pipeline has no stage of that name."""


class ActionNotFoundException(CodePipelineError):
    """The stage has no action of that name."""


class JobNotFoundException(CodePipelineError):
    """No job has that id."""


class ResourceNotFoundException(CodePipelineError):
    """The ARN names nothing that exists."""


class PipelineNameInUseException(CodePipelineError):
    """A pipeline of that name exists already."""


class InvalidStructureException(CodePipelineError):
    """The pipeline as a whole is not well formed."""


class InvalidStageDeclarationException(CodePipelineError):
    """A stage is not well formed."""


class InvalidActionDeclarationException(CodePipelineError):
    """An action is not well formed."""


class InvalidApprovalTokenException(CodePipelineError):
    """The token belongs to no approval that waits."""


class InvalidArnException(CodePipelineError):
    """The ARN is not one of a pipeline."""


class InvalidTagsException(CodePipelineError):
    """A tag is reserved or given twice."""


class InvalidJobStateException(CodePipelineError):
    """The job has had its result already."""


class InvalidNextTokenException(CodePipelineError):
    """The page token is not one this service gave."""


class ApprovalAlreadyCompletedException(CodePipelineError):
    """The approval has had its answer already."""


class ConcurrentPipelineExecutionsLimitExceededException(CodePipelineError):
    """As many executions run as the pipeline may have."""


class DuplicatedStopRequestException(CodePipelineError):
    """The execution is stopping in this way already."""


class LimitExceededException(CodePipelineError):
    """The account has as many pipelines as it may have."""


class NotLatestPipelineExecutionException(CodePipelineError):
    """A later execution has entered the stage since."""


class OutputVariablesSizeExceededException(CodePipelineError):
    """The variables of an action exceed 122,880 bytes."""


class PipelineExecutionNotStoppableException(CodePipelineError):
    """The execution has ended."""


class StageNotRetryableException(CodePipelineError):
    """The stage holds nothing of this execution that could be retried."""


class TooManyTagsException(CodePipelineError):
    """The pipeline would carry more than 50 tags."""
