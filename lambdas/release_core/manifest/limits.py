"""The limits of a manifest: as patterns and numbers for the code, and in words for people."""

MAX_PIPELINES = 1000  # CodePipeline's quota for one Region
MAX_RETRIES = 10
MAX_TIMEOUT_MINUTES = 525_600  # one year
MAX_APPROVALS = 100
MAX_MIN_APPROVALS = 20  # people who have to approve
MAX_QUESTION = 1000  # characters
# No control characters but line ends, and none that changes the direction of the text around it.
QUESTION_PATTERN = (
    r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]*$"
)
MAX_TITLE = 100  # characters
MAX_NOTES = 2000
# As QUESTION_PATTERN, in one line, and not only spaces.
_IN_LINE = r"[^\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
TITLE_PATTERN = rf"^{_IN_LINE}*{_IN_LINE[:-1]}\s]{_IN_LINE}*$"
MAX_HOLD_DAYS = 360  # until notBefore; a workflow execution lasts at most a year
MAX_OF_EACH = 50  # variables, and source revisions, of one StartPipelineExecution

MAX_ID = 100  # characters of a release id
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"
ID_IN_WORDS = (
    f"1 to {MAX_ID} characters, each a letter (a-z, A-Z), a digit, `.`, `_`, `+` or `-`; "
    "the first is a letter or a digit"
)

# The limits below are those of botocore's model of CodePipeline.
MAX_NAME = 100  # characters of the name of a pipeline or an action
NAME_PATTERN = r"^[A-Za-z0-9.@_-]+$"
NAME_IN_WORDS = (
    f"1 to {MAX_NAME} characters, each a letter (a-z, A-Z), a digit, `.`, `@`, `-` or `_`"
)

# The path of a request names an approval, and so does an argument of a command. `.` and `..` lead
# elsewhere in a path, and a leading `-` makes an argument an option.
APPROVAL_PATTERN = r"^[A-Za-z0-9@_][A-Za-z0-9.@_-]*$"
APPROVAL_IN_WORDS = f"{NAME_IN_WORDS}; the first is not `.` or `-`"

MAX_VARIABLE_NAME = 128  # characters
VARIABLE_NAME_PATTERN = r"^[A-Za-z0-9@_-]+$"
VARIABLE_NAME_IN_WORDS = (
    f"1 to {MAX_VARIABLE_NAME} characters, each a letter (a-z, A-Z), a digit, `@`, `-` or `_`"
)
MAX_VARIABLE_VALUE = 1000  # characters
# AWS's ".*" is a line of text, by the line ends that Java knows.
VARIABLE_VALUE_PATTERN = r"^[^\n\r\u0085\u2028\u2029]*$"
MAX_REVISION = 1500  # characters
