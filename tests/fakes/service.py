"""What all fakes of AWS services share: botocore's model of the service."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError, ParamValidationError
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


class NotFaked(Exception):
    """A test needs something that the fake does not support: extend the fake or the test."""


class Refused(Exception):
    """A request that the service rejects; the fake turns it into a ClientError."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


class Service:
    """Botocore's model of one service: its error classes and its parameter checks."""

    def __init__(self, name: str) -> None:
        model = create_loader().load_service_model(name, "service-2")
        self._model = ServiceModel(model, service_name=name)
        self._validator = ParamValidator()
        self.exceptions: Any = ClientExceptionsFactory().create_client_exceptions(self._model)

    def check_parameters(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raise ParamValidationError for parameters that a boto3 client would not send."""
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return
        report = self._validator.validate(dict(parameters), shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())

    def call(
        self,
        operation: str,
        act: Callable[[Mapping[str, Any]], dict[str, Any]],
        request: Mapping[str, Any],
        *,
        checks_parameters: bool = True,
    ) -> dict[str, Any]:
        """Perform an operation with `act` as a boto3 client does; raises ClientError."""
        if checks_parameters:
            self.check_parameters(operation, request)
        try:
            return answer(act(request))
        except Refused as refusal:
            raise self.error(refusal, operation) from None

    def error(self, refusal: Refused, operation: str) -> ClientError:
        """Return the exception that a boto3 client raises for this error, of the modelled class."""
        response: Any = {
            "Error": {"Message": refusal.message, "Code": refusal.code},
            "ResponseMetadata": {"HTTPStatusCode": refusal.status, "RetryAttempts": 0},
            **refusal.members,
        }
        error: ClientError = self.exceptions.from_code(refusal.code)(response, operation)
        return error


@lru_cache
def service(name: str) -> Service:
    """Load the model of a service once."""
    return Service(name)


def answer(members: Mapping[str, Any]) -> dict[str, Any]:
    """Add the metadata of a boto3 response."""
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}


def copied(value: Any) -> Any:
    """Copy an answer, because it shares data with the fake and a caller may change it."""
    if isinstance(value, Mapping):
        return {name: copied(member) for name, member in value.items()}
    return [copied(element) for element in value] if isinstance(value, list | tuple) else value
