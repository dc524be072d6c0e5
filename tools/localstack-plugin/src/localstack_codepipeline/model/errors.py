"""The error that operations of CodePipeline raise."""


class ApiError(Exception):
    """An error that AWS returns: its code, the text, and the HTTP status.

    Source of the codes: the `errors` of each operation in AWS's service model.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
