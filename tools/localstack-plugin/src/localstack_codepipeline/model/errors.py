"""The errors of CodePipeline, one class for each code.

CodePipelineError
├── ValidationException, SerializationException
├── *NotFoundException (pipeline, version, execution, stage, action, job, resource)
├── Invalid*Exception (structure, stage, action, token, ARN, tags, job state, page)
└── wrong state or limit (ConflictException, NotLatest..., StageNotRetryable..., ...)

The class's name is AWS's error code. Source: the `errors` of each operation in AWS's service model.
"""


class CodePipelineError(Exception):
    """An error that AWS returns: `code` is AWS's name for it and `message` its text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """Return AWS's name of the error."""
        return type(self).__name__


class ValidationException(CodePipelineError):
    """The request breaks a constraint of its shape or a rule of the pipeline."""


class SerializationException(CodePipelineError):
    """A member of the request has the wrong JSON type."""


class PipelineNotFoundException(CodePipelineError):
    """No pipeline has that name."""


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
    """No resource has that ARN."""


class PipelineNameInUseException(CodePipelineError):
    """A pipeline of that name exists already."""


class InvalidStructureException(CodePipelineError):
    """The pipeline as a whole is not well formed."""


class InvalidStageDeclarationException(CodePipelineError):
    """A stage is not well formed."""


class InvalidActionDeclarationException(CodePipelineError):
    """An action is not well formed."""


class InvalidApprovalTokenException(CodePipelineError):
    """No approval of that action has this token."""


class InvalidArnException(CodePipelineError):
    """The ARN is not that of a pipeline."""


class InvalidTagsException(CodePipelineError):
    """A tag key is reserved or given twice."""


class InvalidJobStateException(CodePipelineError):
    """The job already has a result."""


class InvalidNextTokenException(CodePipelineError):
    """The page token does not come from this service."""


class ApprovalAlreadyCompletedException(CodePipelineError):
    """The approval was already answered."""


class ConcurrentPipelineExecutionsLimitExceededException(CodePipelineError):
    """The pipeline has reached its limit of running executions."""


class DuplicatedStopRequestException(CodePipelineError):
    """The execution is already being stopped this way."""


class LimitExceededException(CodePipelineError):
    """The account has reached its limit of pipelines."""


class NotLatestPipelineExecutionException(CodePipelineError):
    """A later execution has entered the stage."""


class OutputVariablesSizeExceededException(CodePipelineError):
    """The variables of an action exceed 122,880 bytes."""


class PipelineExecutionNotStoppableException(CodePipelineError):
    """The execution has ended."""


class StageNotRetryableException(CodePipelineError):
    """The execution has nothing to retry in the stage."""


class TooManyTagsException(CodePipelineError):
    """The pipeline would carry more than 50 tags."""
