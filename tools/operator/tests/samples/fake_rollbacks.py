"""Stands for the code of the functions that makes and plans a rollback."""

from datetime import UTC, datetime
from typing import Any

from release_core.domain.revisions import Good
from release_core.errors import RollbackRefused
from release_core.plan.document import Plan
from release_core.rollback.manifest import Rollback

RELEASE = "2026.11.22-1"
GOOD = Good(release_id="v1", execution_id="e", at=datetime(2026, 11, 22, tzinfo=UTC))
ROLLBACK = Rollback(
    release_id=RELEASE,
    rollback_id=f"{RELEASE}-rollback",
    manifest={"releaseId": f"{RELEASE}-rollback", "pipelines": [{"name": "catalog"}]},
    wanted={"catalog": GOOD},
    left_alone=("search",),
    nothing_good={"orders": "no release had succeeded in it before"},
    conflicts={},
)


class Core:
    """Stands for the shared code: returns a rollback, and plans it."""

    def __init__(self) -> None:
        self.rollback = ROLLBACK
        self.problems: tuple[str, ...] = ()
        self.refusal = ""
        self.asked: dict[str, Any] = {}

    def get(self, release_id: str, **how: Any) -> Rollback:
        self.asked = {"release_id": release_id, **how}
        if self.refusal:
            raise RollbackRefused(self.refusal)
        return self.rollback

    def plan(self, document: Any, *, channel: str) -> Plan:
        assert channel == "rollback"
        return Plan(release_id=document["releaseId"], problems=self.problems)
