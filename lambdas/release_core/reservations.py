"""Reserving pipelines for a release: all of them or none, and never from a release that lives."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from release_core.errors import OpeningElsewhere, PipelinesBusy
from release_core.holders import Holder, Holders
from release_core.opening_ledger import Opening
from release_core.tokens import Tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reservations:
    """Takes and gives back the pipelines of a release that is being opened."""

    holders: Holders
    tokens: Tokens

    def take(self, pipelines: Sequence[str], opening: Opening) -> bool:
        """Take all the pipelines; when some are held, none are taken.

        Then the answer is False if the manifest says to wait, and otherwise PipelinesBusy is
        raised, naming who holds what. Raises OpeningElsewhere when the same release is being
        opened by another execution: soon it will be known which of the two it is.
        """
        mine = Holder(release_id=opening.manifest.release_id, execution_arn=opening.execution_arn)
        busy, twin = [], None
        for pipeline in pipelines:
            holder = self.holders.take(pipeline, mine)
            if holder and self.tokens.ending(holder.execution_arn):
                log.warning("%s died holding %s", holder.execution_arn, pipeline)
                holder = self.holders.take(pipeline, mine, dead=holder)
            if holder:
                busy.append(f"- {pipeline}: release {holder.release_id} ({holder.execution_arn})")
            if holder and holder.release_id == mine.release_id:
                twin = holder
        if not busy:
            return True
        self.give_back(pipelines, opening.execution_arn)
        if twin:
            raise OpeningElsewhere(
                f"{twin.execution_arn} is opening release {twin.release_id} at this instant"
            )
        if opening.manifest.on_busy == "wait":
            return False
        raise PipelinesBusy(
            "Other releases hold pipelines of this one. Wait for them to end, or add "
            '"onBusy": "wait":\n' + "\n".join(busy)
        )

    def give_back(self, pipelines: Sequence[str], execution_arn: str) -> None:
        """Free the pipelines that this execution holds, and wake who waits for them."""
        for pipeline in pipelines:
            for token in self.holders.free(pipeline, execution_arn):
                self.tokens.wake(token)
                self.holders.wait_no_more(pipeline, token)

    def wait(self, pipelines: Sequence[str], task_token: str, *, execution_arn: str) -> None:
        """Have the task woken by the first of the pipelines to become free; now, if one is."""
        held = [
            pipeline
            for pipeline in pipelines
            if self.holders.wait(pipeline, task_token, execution_arn=execution_arn)
        ]
        if not held:
            self.tokens.wake(task_token)
