"""What every fake of an AWS service shares: botocore's own model of that service."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError, ParamValidationError
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


class NotFaked(Exception):
    """A test asks a fake for something that it does not do; teach it that, or ask for less."""


class Refused(Exception):
    """A request that the service answers with an error; the fake turns it into a ClientError."""

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
    """Botocore's model of one service: its errors' classes and the check of its parameters."""

    def __init__(self, name: str) -> None:
        model = create_loader().load_service_model(name, "service-2")
        self._model = ServiceModel(model, service_name=name)
        self._validator = ParamValidator()
        self.exceptions: Any = ClientExceptionsFactory().create_client_exceptions(self._model)

    def check_parameters(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raise ParamValidationError for what a boto3 client would refuse to send."""
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return
        report = self._validator.validate(dict(parameters), shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())

    def error(self, refusal: Refused, operation: str) -> ClientError:
        """Make the exception that a boto3 client raises for a refusal, of the modelled class."""
        response: Any = {
            "Error": {"Message": refusal.message, "Code": refusal.code},
            "ResponseMetadata": {"HTTPStatusCode": refusal.status, "RetryAttempts": 0},
            **refusal.members,
        }
        error: ClientError = self.exceptions.from_code(refusal.code)(response, operation)
        return error


@lru_cache
def service(name: str) -> Service:
    """Load the model of a service once for all fakes of it."""
    return Service(name)


def answer(members: Mapping[str, Any]) -> dict[str, Any]:
    """Give a response the metadata that every boto3 response carries."""
    return {**members, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}


def copied(value: Any) -> Any:
    """Copy what a fake answers, so that a caller may change it: it shares the fake's own state."""
    if isinstance(value, Mapping):
        return {name: copied(member) for name, member in value.items()}
    return [copied(element) for element in value] if isinstance(value, list | tuple) else value
