"""The operations on webhooks: they are kept and listed, but no request reaches them."""

from localstack_codepipeline.model.effects import Json
from localstack_codepipeline.model.errors import ApiError
from localstack_codepipeline.model.reading.pages import page
from localstack_codepipeline.model.state import Turn, Webhook
from localstack_codepipeline.model.tags import merged_tags, tag_list

# What each kind of authentication needs.
NEEDED = {"GITHUB_HMAC": "SecretToken", "IP": "AllowedIPRange"}


def put_webhook(turn: Turn, request: Json) -> Json:
    """Create a webhook, or replace the definition of the one with the same name."""
    given = request["webhook"]
    _check(turn, given)
    webhooks = turn.estate.webhooks
    before = webhooks.get(given["name"])
    secret = turn.estate.new_id().replace("-", "")
    webhook = Webhook(
        definition=given,
        url=before.url if before else f"https://webhooks.{turn.estate.region}.test/{secret}",
        tags=merged_tags(before.tags if before else {}, request.get("tags", [])),
    )
    webhooks[given["name"]] = webhook
    return {"webhook": _view(turn, webhook)}


def delete_webhook(turn: Turn, request: Json) -> Json:
    """Delete a webhook; an unknown name is no error."""
    turn.estate.webhooks.pop(request["name"], None)
    return {}


def list_webhooks(turn: Turn, request: Json) -> Json:
    """Return the webhooks in order of name."""
    everything = [webhook for _, webhook in sorted(turn.estate.webhooks.items())]
    # This operation begins the names of these members with a capital letter.
    asked = {"nextToken": request.get("NextToken"), "maxResults": request.get("MaxResults")}
    chosen, rest = page(everything, asked, most=100)
    more = {"NextToken": rest["nextToken"]} if rest else {}
    return {"webhooks": [_view(turn, webhook) for webhook in chosen], **more}


def _check(turn: Turn, given: Json) -> None:
    pipeline = turn.estate.pipeline(given["targetPipeline"])
    sources = [action["name"] for action in pipeline.declaration["stages"][0]["actions"]]
    if given["targetAction"] not in sources:
        text = f"Pipeline '{pipeline.name}' has no source action '{given['targetAction']}'"
        raise ApiError("ValidationException", text)
    needed = NEEDED.get(given["authentication"])
    if needed and not given["authenticationConfiguration"].get(needed):
        text = f"Authentication {given['authentication']} needs {needed}"
        raise ApiError("InvalidWebhookAuthenticationParametersException", text)


def _view(turn: Turn, webhook: Webhook) -> Json:
    return {
        "definition": webhook.definition,
        "url": webhook.url,
        "arn": turn.estate.arn(f"webhook:{webhook.definition['name']}"),
        "tags": tag_list(webhook.tags),
    }
