"""The services of LocalStack that the platform loads: those of the project, and more on request."""

import re
from collections.abc import Iterable, Mapping

# All services that the project uses. They are loaded at the start, so that first calls are fast.
OWN = (
    *("apigateway", "cloudwatch", "codepipeline", "dynamodb", "events", "iam", "kms", "lambda"),
    *("logs", "s3", "secretsmanager", "ses", "sns", "sqs", "ssm", "stepfunctions", "sts"),
)
VARIABLE = "SERVICES"


def wanted(more: str) -> tuple[str, ...]:
    """The project's services and those of a list with commas. Raises ValueError with the reason."""
    names = [name.strip() for name in more.split(",") if name.strip()]
    wrong = [name for name in names if not re.fullmatch(r"[a-z][a-z0-9-]*", name)]
    if wrong:
        raise ValueError(
            f"{VARIABLE} must list names of services with commas, such as ec2,kinesis;"
            f" not {', '.join(map(repr, wrong))}."
        )
    return tuple(sorted({*OWN, *names}))


def missing(services: Iterable[str], states: Mapping[str, str]) -> list[str]:
    """The services that a platform does not serve; `states` are those that LocalStack reports."""
    return [name for name in services if states.get(name, "disabled") in {"disabled", "error"}]


def available(states: Mapping[str, str]) -> list[str]:
    """The services that could be added."""
    return sorted(name for name in states if name not in OWN)
