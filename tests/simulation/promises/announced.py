"""The promises about events: what happened is announced, after it is on record, under one id."""

from collections import defaultdict

from release_core.domain.announcements import (
    APPROVAL_ANSWERED,
    APPROVAL_REQUESTED,
    PIPELINE_SETTLED,
    RELEASE_HELD,
    RELEASE_REJECTED,
    RELEASE_STARTED,
)
from tests.simulation.world.announced import Fact, facts_in
from tests.simulation.world.happenings import GOING_ON, Happening, Violated, value
from tests.simulation.world.stores import Item
from tests.simulation.world.workflow import Workflow
from tests.simulation.world.world import World


def announced_when_on_record(happening: Happening) -> None:
    """What an event says of a pipeline or a release is on record before, or was replaced since."""
    call = happening.call
    if call.method != "put_events" or happening.answer.error:
        return
    for fact in facts_in(call.request["Entries"]):
        if fact.detail_type != PIPELINE_SETTLED:
            continue
        node = happening.node_of(fact.release_id, fact.node)
        if value(node, "attempt") != str(fact.attempt):
            continue  # Race: the release was resumed meanwhile.
        if value(node, "status") in GOING_ON:
            raise Violated("announced_when_on_record", f"{fact.node} still runs")
        # A retry in the console may have corrected the end meanwhile.
        same_end = value(node, "ended_at") == fact.at
        if same_end and value(node, "status") != fact.status:
            raise Violated(
                "announced_when_on_record", f"{fact.node} as {fact.status}: {value(node, 'status')}"
            )


def one_id_for_each_event(world: World, workflow: Workflow) -> None:
    """However often something is announced, its id is the same, and nothing else has that id."""
    ids, about = defaultdict(set), defaultdict(set)
    for fact in facts_in(world.stores.events.entries):
        if not fact.event_id:
            continue  # internal
        what = (fact.detail_type, fact.execution_arn, fact.attempt, fact.node, fact.by)
        # Only an end that was corrected is another one.
        ended_at = fact.at if fact.detail_type == PIPELINE_SETTLED else ""
        ids[*what, ended_at].add(fact.event_id)
        about[fact.event_id].add(what)
    for (detail_type, *rest), found in ids.items():
        # A release is held for its time, then for pipelines.
        if len(found) > (2 if detail_type == RELEASE_HELD else 1):
            raise Violated("one_id_for_each_event", f"{detail_type} {rest} has {sorted(found)}")
    for event_id, described in about.items():
        if len(described) > 1:
            raise Violated("one_id_for_each_event", f"{event_id} is {sorted(described)}")


def every_start_is_announced(world: World, workflow: Workflow) -> None:
    """Of each attempt that was closed and announced, the opening was announced, too."""
    header = world.stores.item("releases", workflow.release_id, "release")
    if not workflow.release_id or value(header, "execution_arn") != workflow.arn:
        return
    started = {
        (fact.execution_arn, str(fact.attempt))
        for fact in facts_in(world.stores.events.entries)
        if fact.detail_type == RELEASE_STARTED
    }
    if (workflow.arn, value(header, "attempt")) not in started:
        raise Violated("every_start_is_announced", f"{workflow.release_id} is missing")


def every_end_is_announced(world: World, workflow: Workflow) -> None:
    """Each pipeline and approval that ended in the attempt was announced, as it is on record.

    A retry in the console may correct an end afterwards.
    """
    header = world.stores.item("releases", workflow.release_id, "release")
    if not workflow.release_id or value(header, "execution_arn") != workflow.arn:
        return
    facts = facts_in(world.stores.events.entries)
    for name, node in world.stores.releases()[workflow.release_id].items():
        if not name.startswith("pipeline#") or value(node, "attempt") != value(header, "attempt"):
            continue
        pipeline = name.removeprefix("pipeline#")
        ends = {
            fact.status
            for fact in facts
            if (fact.detail_type, fact.release_id, fact.node, str(fact.attempt))
            == (PIPELINE_SETTLED, workflow.release_id, pipeline, value(node, "attempt"))
        }
        corrected = value(node, "execution_id") in world.resumed
        if not ends or (value(node, "status") not in ends and not corrected):
            raise Violated(
                "every_end_is_announced", f"{pipeline} is {value(node, 'status')}, told {ends}"
            )
        _check_approval(workflow, pipeline, node, facts)


def _check_approval(workflow: Workflow, name: str, node: Item, facts: frozenset[Fact]) -> None:
    """Check that people were told of each vote, and were asked if nobody had voted before."""
    told = {
        (fact.detail_type, fact.by)
        for fact in facts
        if (fact.release_id, fact.node, str(fact.attempt))
        == (workflow.release_id, name, value(node, "attempt"))
    }
    votes = [each["M"]["by"]["S"] for each in node.get("votes", {}).get("L", [])]
    for by in votes:
        if (APPROVAL_ANSWERED, by) not in told:
            raise Violated("every_vote_is_announced", f"{name}: {by}")
    # What its release has ended meanwhile asks nobody any more.
    ended_with_release = value(node, "status") in {"CANCELLED", "SKIPPED"}
    was_asked = value(node, "asked_at") and not votes and not ended_with_release
    if was_asked and (APPROVAL_REQUESTED, "") not in told:
        raise Violated("every_question_is_announced", f"{name}: {value(node, 'status')}")


def every_rejection_is_announced(world: World, workflow: Workflow) -> None:
    """A manifest that was rejected was announced, in the end by the hourly rule."""
    header = world.stores.item("releases", workflow.arn, "release")
    if value(header, "status") != "REJECTED":
        return
    told = {
        fact.execution_arn
        for fact in facts_in(world.stores.events.entries)
        if fact.detail_type == RELEASE_REJECTED
    }
    if workflow.arn not in told:
        raise Violated("every_rejection_is_announced", workflow.name)


def nothing_rejected_is_opened(world: World, workflow: Workflow) -> None:
    """A workflow execution whose manifest was announced as rejected opens no release."""
    told = {
        fact.detail_type
        for fact in facts_in(world.stores.events.entries)
        if fact.execution_arn == workflow.arn
    }
    if {RELEASE_REJECTED, RELEASE_STARTED} <= told:
        raise Violated("nothing_rejected_is_opened", workflow.name)


ANNOUNCED = (
    nothing_rejected_is_opened,
    one_id_for_each_event,
    every_start_is_announced,
    every_end_is_announced,
    every_rejection_is_announced,
)
