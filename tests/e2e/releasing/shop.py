"""Pipelines that all ship one page, which changes with every release."""

from typing import Any

from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import DEPLOY_STAGE, Pipelines, unique
from tests.e2e.releasing.releases import Releases, manifest

BROKEN: dict[str, Any] = {"stage": DEPLOY_STAGE, "code": "JobFailed", "message": "Broke"}


class Shop:
    """Pipelines whose source is one object that changes with every release."""

    def __init__(self, releases: Releases, ledger: Ledger, pipelines: Pipelines) -> None:
        self.releases, self.ledger, self.pipelines = releases, ledger, pipelines
        self.key = unique("shop") + ".zip"
        self.source = {"S3ObjectKey": self.key}
        pipelines.put_source(self.key, b"before all releases")
        self.first, self.second, self.third = (unique(each) for each in ("v1", "v2", "v3"))

    def make(self, **how: Any) -> str:
        """Make a pipeline with this source."""
        return self.pipelines.make(source=self.source, **how)

    def ship(self, release_id: str, *entries: str | dict[str, Any], **fields: Any) -> str:
        """Release a new page that names the release, and wait for its success."""
        arn = self.begin(release_id, *entries, **fields)
        ended = self.releases.end(arn)
        assert ended["status"] == "SUCCEEDED", ended
        return arn

    def begin(self, release_id: str, *entries: str | dict[str, Any], **fields: Any) -> str:
        """Start to release a new page that names the release."""
        self.pipelines.put_source(self.key, release_id.encode())
        return self.releases.start(manifest(release_id, *entries, **fields))

    def ship_by_hand(self, pipeline: str, page: str) -> str:
        """Ship a page without a release, and wait for its success; return the execution."""
        self.pipelines.put_source(self.key, page.encode())
        execution_id = self.pipelines.start(pipeline)
        wait_until(
            f"{execution_id} of {pipeline} succeeds",
            lambda: self.pipelines.status(pipeline, execution_id) == "Succeeded",
        )
        return execution_id

    def is_live(self, pipeline: str) -> str:
        """Return the release whose page a pipeline has deployed last."""
        return self.pipelines.page(pipeline).decode()

    def rolled_back(self, release_id: str) -> Item:
        """Wait until the rollback of a release is closed; return its header."""
        wait_until(
            f"a rollback of {release_id} is opened",
            lambda: self.ledger.header(release_id).get("rolled_back_by"),
        )
        rollback_id = self.ledger.header(release_id)["rolled_back_by"]
        self.releases.adopt(self.ledger.header(rollback_id)["execution_arn"])
        return self.releases.closed(rollback_id)
