"""Tells an API who called it, where a method asks for a signature (AWS_IAM).

LocalStack leaves $context.identity empty. AWS fills it in from the access key that signed:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from collections.abc import Callable, Mapping
from typing import Any


def apply() -> None:
    """Asks STS whose the key is, once the method is known and before anything is mapped."""
    # Imported late, so that the rule below can be tested without LocalStack.
    from localstack.aws.connect import connect_to  # noqa: PLC0415 - as above
    from localstack.services.apigateway.next_gen.execute_api.handlers import (  # noqa: PLC0415 - as above
        preprocess_request,
    )
    from localstack.utils.aws.request_context import (  # noqa: PLC0415 - as above
        extract_access_key_id_from_auth_header,
    )

    def identify(_chain: Any, context: Any, _response: Any) -> None:
        key = extract_access_key_id_from_auth_header(context.request.headers)

        def ask() -> Mapping[str, str]:
            factory = connect_to(aws_access_key_id=key, region_name=context.region)
            answer: Mapping[str, str] = factory.sts.get_caller_identity()
            return answer

        context.context_variables["identity"] |= identity(context.resource_method, key, ask)

    preprocess_request.append(identify)


def identity(
    method: Mapping[str, Any], key: str | None, ask: Callable[[], Mapping[str, str]]
) -> dict[str, str]:
    """What $context.identity says of the caller: nothing unless the method wants IAM's word."""
    if method.get("authorizationType") != "AWS_IAM" or key is None:
        return {}
    caller = ask()
    return {
        "accessKey": key,
        "accountId": caller["Account"],
        "caller": caller["UserId"],
        "user": caller["UserId"],
        "userArn": caller["Arn"],
    }
