"""Shows the e-mail that people get about a release of the demo, as SNS sends it.

The address is subscribed to the real topic. The platform has no mail server: it keeps the e-mails.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import boto3

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

ADDRESS = "release-manager@example.com"
OUTCOMES = ("SUCCEEDED", "FAILED", "CANCELLED")
# The outcome passes the event bus, a function and the topic.
LONGEST_WAIT_SECONDS = 30.0
POLL_SECONDS = 0.2


def subscribe(topic_arn: str, sns: "SNSClient") -> None:
    """Subscribe the address to the topic; again is the same subscription."""
    sns.subscribe(TopicArn=topic_arn, Protocol="email", Endpoint=ADDRESS)


def kept_emails(platform: str) -> list[dict[str, Any]]:
    """The e-mails that the platform has sent, the oldest first."""
    with urlopen(f"{platform}/_aws/ses", timeout=10) as answer:  # noqa: S310 - the platform's own
        emails: list[dict[str, Any]] = json.load(answer)["messages"]
    return emails


def outcome_of(release_id: str, emails: list[dict[str, Any]]) -> str | None:
    """The e-mail about the outcome of a release, as text, or None if it was not sent yet."""
    for email in emails:
        subject = email["Subject"]
        is_outcome = any(f" Release {release_id} {outcome}" in subject for outcome in OUTCOMES)
        if is_outcome and email["Destination"]["ToAddresses"] == [ADDRESS]:
            head = f"From: {email['Source']}\nTo: {ADDRESS}\nSubject: {subject}"
            return f"{head}\n\n{email['Body']['text_part']}"
    return None


def wait_for_outcome(release_id: str, platform: str) -> str:
    """The e-mail about the outcome of a release. Raises TimeoutError if none is sent."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while (text := outcome_of(release_id, kept_emails(platform))) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"no e-mail about the outcome of {release_id} within {LONGEST_WAIT_SECONDS:.0f} s:"
                " see the logs of notify_people (make logs)"
            )
        time.sleep(POLL_SECONDS)
    return text


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--subscribe", action="store_true", help="subscribe the address")
    parser.add_argument("--outcome", metavar="RELEASE", help="print the e-mail about its outcome")
    options = parser.parse_args()
    if options.subscribe:
        outputs = json.loads(Path(os.environ["RELEASE_MACHINE_OUTPUTS"]).read_text())
        subscribe(outputs["people_topic_arn"]["value"], boto3.client("sns"))
    if options.outcome:
        email = wait_for_outcome(options.outcome, os.environ["AWS_ENDPOINT_URL"])
        sys.stdout.write("".join(f"  {line}".rstrip() + "\n" for line in email.splitlines()))
