"""Reads the results beside the manifests in the bucket."""

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until


@dataclass(frozen=True)
class Results:
    """Reads the results of dropped manifests, by the keys of the manifests."""

    account: Account

    def of(self, key: str) -> dict[str, Any]:
        """Return the result as it is now, or nothing if there is none."""
        client = self.account.s3
        try:
            answer = client.get_object(
                Bucket=self.account.outputs["manifest_bucket"], Key=f"{key}.result"
            )
        except client.exceptions.NoSuchKey:
            return {}
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found

    def reach(self, key: str, state: str, **more: object) -> dict[str, Any]:
        """Wait until the result has this state, and these values; return it."""
        wanted = {"state": state, **more}

        def reached() -> dict[str, Any] | None:
            found = self.of(key)
            return found if wanted.items() <= found.items() else None

        return wait_until(f"the result of {key} has {wanted}", reached)
