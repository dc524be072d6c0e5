"""The operations on the tags of pipelines and webhooks."""

import re
from collections.abc import Mapping

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.reading.pages import page
from localstack_codepipeline.model.state import Pipeline, Turn, Webhook


def list_tags_for_resource(turn: Turn, request: Json) -> Json:
    """Return the tags of a pipeline or webhook."""
    tags, rest = page(tag_list(_tagged(turn, request).tags), request, most=100)
    return {"tags": tags, **rest}


def tag_resource(turn: Turn, request: Json) -> Json:
    """Add tags to a pipeline or webhook, replacing those with the same keys."""
    resource = _tagged(turn, request)
    resource.tags = merged_tags(resource.tags, request["tags"])
    return {}


def untag_resource(turn: Turn, request: Json) -> Json:
    """Remove tags from a pipeline or webhook."""
    resource = _tagged(turn, request)
    for key in request["tagKeys"]:
        resource.tags.pop(key, None)
    return {}


def merged_tags(tags: dict[str, str], given: list[Json]) -> dict[str, str]:
    """Return the tags with the given ones added, or raise an ApiError for invalid ones."""
    added = {tag["key"]: tag["value"] for tag in given}
    if len(added) < len(given):
        raise ApiError("InvalidTagsException", "A tag key is given more than once")
    if any(key.lower().startswith("aws:") for key in added):
        raise ApiError("InvalidTagsException", "Tag keys that begin with 'aws:' are reserved")
    merged = tags | added
    if len(merged) > 50:
        raise ApiError("TooManyTagsException", "A resource can have 50 tags")
    return merged


def tag_list(tags: dict[str, str]) -> list[Json]:
    """Return the tags as AWS lists them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def _tagged(turn: Turn, request: Json) -> Pipeline | Webhook:
    arn = request["resourceArn"]
    parts = arn.split(":", 5)
    name = parts[-1].removeprefix("webhook:")
    if len(parts) < 6 or parts[2] != "codepipeline" or re.search("[:/]", name):
        text = f"'{arn}' is not the ARN of a pipeline or webhook"
        raise ApiError("InvalidArnException", text)
    kept: Mapping[str, Pipeline | Webhook] = (
        turn.estate.pipelines if name == parts[5] else turn.estate.webhooks
    )
    found = kept.get(name)
    if found is None or turn.estate.arn(parts[5]) != arn:
        raise ApiError("ResourceNotFoundException", f"There is no resource with the ARN '{arn}'")
    return found
