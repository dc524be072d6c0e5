"""People of the account, each with credentials of their own."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
from botocore.credentials import Credentials

from release_core.clock import now, to_iso
from tests.e2e.account.account import Account
from tests.e2e.account.signed_requests import Answer, post


@dataclass(frozen=True)
class Person:
    """A user or a session of a role; ``arn`` is what the API knows of them."""

    account: Account
    arn: str
    credentials: Credentials

    def release(self, document: dict[str, Any]) -> Answer:
        """Hand a manifest in."""
        return self._post("/releases", document)

    def approve(self, release_id: str, approval: str, **more: Any) -> Answer:
        """Approve an approval of a release."""
        return self._post(f"/approvals/{approval}/{release_id}", {"decision": "approve", **more})

    def reject(self, release_id: str, approval: str, comment: str) -> Answer:
        """Reject an approval of a release."""
        answer = {"decision": "reject", "comment": comment}
        return self._post(f"/approvals/{approval}/{release_id}", answer)

    def freeze(self, scope: str, *, minutes: int = 60, reason: str = "audit") -> Answer:
        """Freeze what the scope covers, from now on for so many minutes."""
        until = to_iso(now() + timedelta(minutes=minutes))
        return self._post("/freezes", {"scope": scope, "until": until, "reason": reason})

    def lift(self, scope: str) -> Answer:
        """Lift the freeze of a scope."""
        path = f"/freezes/{scope}"
        return post(self.account, path, "", credentials=self.credentials, method="DELETE")

    def override(self, release_id: str, reason: str) -> Answer:
        """Let a release start although its pipelines are frozen."""
        return self._post(f"/overrides/{release_id}", {"reason": reason})

    def _post(self, path: str, document: dict[str, Any]) -> Answer:
        return post(self.account, path, json.dumps(document), credentials=self.credentials)


@dataclass
class People:
    """Makes people, and removes them at the end."""

    account: Account
    unique: Callable[[str], str]
    ends: ExitStack = field(default_factory=ExitStack)

    def user(self, name: str) -> Person:
        """A new IAM user with an access key."""
        iam = boto3.client("iam")
        user = iam.create_user(UserName=self.unique(name))["User"]
        self.ends.callback(iam.delete_user, UserName=user["UserName"])
        key = iam.create_access_key(UserName=user["UserName"])["AccessKey"]
        self.ends.callback(
            iam.delete_access_key, UserName=user["UserName"], AccessKeyId=key["AccessKeyId"]
        )
        signs = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        return Person(self.account, user["Arn"], signs)

    def session(self, role: str, name: str) -> Person:
        """A session of a role; who assumes the role chooses the session's name."""
        account = self.account.caller.split(":")[4]
        made = boto3.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName=name
        )
        keys = made["Credentials"]
        signs = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return Person(self.account, made["AssumedRoleUser"]["Arn"], signs)
