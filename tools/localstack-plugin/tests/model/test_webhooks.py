"""Webhooks: kept and listed; nothing calls them."""

from typing import Any

import pytest

from shop import Driver, Json, Shop, refused

HMAC = {
    "name": "pushed",
    "targetPipeline": "shop",
    "targetAction": "Fetch",
    "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}],
    "authentication": "GITHUB_HMAC",
    "authenticationConfiguration": {"SecretToken": "s"},
}
ARN = "arn:aws:codepipeline:us-east-1:000000000000:webhook:pushed"


def put(driver: Driver, **more: Any) -> Json:
    """Put the webhook `pushed`."""
    return dict(driver.call("PutWebhook", webhook={**HMAC, **more})["webhook"])


def test_webhook_is_listed_as_it_was_put() -> None:
    """ListWebhooks shows the definition, the ARN, a URL and the tags of a webhook."""
    shop = Shop()
    shop.call("PutWebhook", webhook=HMAC, tags=[{"key": "a", "value": "b"}])
    (listed,) = shop.call("ListWebhooks")["webhooks"]
    assert listed["definition"] == HMAC
    assert (listed["arn"], listed["tags"]) == (ARN, [{"key": "a", "value": "b"}])
    assert listed["url"].startswith("https://")


def test_webhook_is_replaced_and_keeps_its_url() -> None:
    """A second PutWebhook of the same name changes the definition, and not the URL."""
    shop = Shop()
    first, second = put(shop), put(shop, authentication="UNAUTHENTICATED")
    assert first["url"] == second["url"]
    (listed,) = shop.call("ListWebhooks")["webhooks"]
    assert listed["definition"]["authentication"] == "UNAUTHENTICATED"


def test_webhooks_are_deleted_and_listed_in_pages() -> None:
    """Deleted webhooks are gone, and an unknown name is no error."""
    shop = Shop()
    for name in ("b", "a", "c"):
        put(shop, name=name)
    page = shop.call("ListWebhooks", MaxResults=2)
    assert [one["definition"]["name"] for one in page["webhooks"]] == ["a", "b"]
    rest = shop.call("ListWebhooks", NextToken=page["NextToken"])
    assert [one["definition"]["name"] for one in rest["webhooks"]] == ["c"]
    for name in ("a", "b", "c", "c"):
        assert shop.call("DeleteWebhook", name=name) == {}
    assert shop.call("ListWebhooks") == {"webhooks": []}


def test_tags_of_a_webhook() -> None:
    """Webhooks are tagged like pipelines."""
    shop = Shop()
    put(shop)
    shop.call("TagResource", resourceArn=ARN, tags=[{"key": "a", "value": "b"}])
    assert shop.call("ListTagsForResource", resourceArn=ARN)["tags"] == [{"key": "a", "value": "b"}]


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        ({"targetPipeline": "nope"}, "PipelineNotFoundException", "nope"),
        ({"targetAction": "Nobody"}, "ValidationException", "Nobody"),
        (
            {"authenticationConfiguration": {}},
            "InvalidWebhookAuthenticationParametersException",
            "SecretToken",
        ),
        (
            {"authentication": "IP"},
            "InvalidWebhookAuthenticationParametersException",
            "AllowedIPRange",
        ),
    ],
)
def test_webhook_must_fit_its_pipeline(change: Json, error: str, reason: str) -> None:
    """A webhook names a source action of a pipeline, and has what its authentication needs."""
    with refused(error, reason):
        put(Shop(), **change)
