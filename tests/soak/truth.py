"""What must be true when a soak has ended, whatever went wrong: one line for each untruth."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.e2e.account.account import Account
from tests.e2e.account.ledger import Item, Ledger
from tests.e2e.releasing.pipelines import Pipelines

GOING_ON = {"WAITING", "STARTING", "RUNNING"}
# How CodePipeline may show the execution of a pipeline with this status.
SHOWN = {
    "SUCCEEDED": {"Succeeded"},
    "FAILED": {"Failed", "Stopped"},  # stopped: its task was given up
    "STOPPED": {"Stopped"},
    "SUPERSEDED": {"Superseded"},
    "CANCELLED": {"Cancelled"},
    "TIMED_OUT": {"Stopped"},
}
_READERS = 4
# What people do by chance.
_MAY_BE_IDLE = {"answer_approval", "change_freeze"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All records and all executions; ``shown`` are CodePipeline's, by pipeline and id."""

    releases: dict[str, list[Item]]
    executions: list[Item]
    pipelines: list[Item]
    shown: dict[str, dict[str, str]]
    ours: dict[str, set[str]]

    @classmethod
    def of(cls, ledger: Ledger, pipelines: Pipelines, names: list[str]) -> "Seen":
        """Read everything."""
        items, executions, locks = ledger.everything()
        releases = defaultdict(list)
        for each in items:
            releases[each["release_id"]].append(each)
        with ThreadPoolExecutor(_READERS) as threads:
            listed = dict(zip(names, threads.map(pipelines.all, names), strict=True))
            ours = dict(zip(names, threads.map(pipelines.executions, names), strict=True))
        return cls(
            releases=dict(releases),
            executions=executions,
            pipelines=locks,
            shown={
                name: {each["pipelineExecutionId"]: each["status"] for each in found}
                for name, found in listed.items()
            },
            ours={
                name: {each["pipelineExecutionId"] for each in found}
                for name, found in ours.items()
            },
        )

    @property
    def headers(self) -> list[Item]:
        """The headers of the releases that were opened."""
        return [each for each in self._all_headers() if each["status"] != "REJECTED"]

    @property
    def rejections(self) -> list[Item]:
        """The headers of the manifests and requests that were rejected."""
        return [each for each in self._all_headers() if each["status"] == "REJECTED"]

    @property
    def stopped(self) -> list[Item]:
        """The items of workflow executions that have ended and opened no release."""
        items = (each for items in self.releases.values() for each in items)
        return [each for each in items if each.get("ended") and not each.get("opens")]

    def _all_headers(self) -> Iterator[Item]:
        items = (each for items in self.releases.values() for each in items)
        return (each for each in items if each["item"] == "release")

    def nodes(self, release_id: str) -> list[Item]:
        """The pipelines and approvals of a release."""
        return [each for each in self.releases[release_id] if each["item"].startswith("pipeline#")]


def untruths(seen: Seen) -> list[str]:
    """Return what is not as it must be."""
    return [
        *_not_ended(seen),
        *_not_as_shown(seen),
        *_not_owned(seen),
        *_still_running(seen),
        *_still_locked(seen),
        *_still_waiting(seen),
    ]


def leaked(account: Account, tokens: set[str]) -> list[str]:
    """Return a line for each function whose log holds one of the task tokens, or nothing at all."""
    found = [] if tokens else ["no task token was seen"]
    for function, name in account.outputs["function_names"].items():
        pages = account.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{name}"
        )
        text = "\n".join(each["message"] for page in pages for each in page["events"])
        if any(token in text for token in tokens):
            found.append(f"the log of {function} holds a task token")
        if not text and function not in _MAY_BE_IDLE:
            found.append(f"{function} has logged nothing")
    return found


def vanished(seen: Seen, handed_in: list[str]) -> list[str]:
    """Return a line if manifests became neither releases nor rejections, and nobody stopped them.

    A rejection and a workflow execution that was stopped before its opening do not name a release.
    """
    opened = {each["release_id"] for each in seen.headers}
    missing = [each for each in handed_in if each not in opened]
    known = len(seen.rejections) + len(seen.stopped)
    if len(missing) <= known and opened:
        return []
    return [f"{len(missing)} of {len(handed_in)} are no releases, and {known} were stopped before"]


def _not_ended(seen: Seen) -> Iterator[str]:
    for header in seen.headers:
        release_id, status = header["release_id"], header["status"]
        statuses = [each["status"] for each in seen.nodes(release_id)]
        if status in GOING_ON:
            yield f"release {release_id} is {status}"
        elif not header.get("announced_at"):
            yield f"release {release_id} is {status}, and that was not announced"
        if slots := header.get("in_flight"):
            yield f"release {release_id} is {status} and has the slots of {sorted(slots)}"
        if going_on := GOING_ON & set(statuses):
            yield f"release {release_id} is {status} and has nodes {sorted(going_on)}"
        if (status == "SUCCEEDED") != (set(statuses) == {"SUCCEEDED"}) and status != "CANCELLED":
            yield f"release {release_id} is {status} with {dict(Counter(statuses))}"


def _not_as_shown(seen: Seen) -> Iterator[str]:
    for header in seen.headers:
        for node in seen.nodes(header["release_id"]):
            what = f"{node['pipeline']} of release {header['release_id']}: {node['status']}"
            execution_id = node.get("execution_id")
            if not execution_id:
                if node["status"] == "SUCCEEDED" and "approval" not in node:
                    yield f"{what} without an execution"
                continue
            shown = seen.shown[node["pipeline"]].get(execution_id, "nothing")
            if shown not in SHOWN.get(node["status"], set()) and not node.get("late_success"):
                yield f"{what}, and CodePipeline shows {shown} for {execution_id}"


def _not_owned(seen: Seen) -> Iterator[str]:
    records = {each["execution_id"]: each.get("release_id") for each in seen.executions}
    users: dict[str, set[str]] = defaultdict(set)
    for header in seen.headers:
        for node in seen.nodes(header["release_id"]):
            for execution_id in _executions_of(node):
                users[execution_id].add(header["release_id"])
    for name, ids in seen.ours.items():
        for execution_id in ids:
            owner = records.get(execution_id)
            # A release remembers one execution of each earlier attempt, and all of the latest.
            if not owner or users[execution_id] - {owner}:
                owners = sorted({owner or "no release", *users[execution_id]})
                yield f"execution {execution_id} of {name} belongs to {owners}"


def _executions_of(node: Item) -> set[str]:
    past: list[Any] = [node, *node.get("attempts", [])]
    return {
        execution_id
        for each in past
        for execution_id in (each.get("execution_id"), *each.get("earlier_executions", []))
        if execution_id
    }


def _still_running(seen: Seen) -> Iterator[str]:
    for name, shown in seen.shown.items():
        for execution_id, status in shown.items():
            if status in {"InProgress", "Stopping"}:
                yield f"execution {execution_id} of {name} is {status}"


def _still_locked(seen: Seen) -> Iterator[str]:
    for each in seen.pipelines:
        holder, queue = each.get("held_by"), each.get("queue")
        if holder or queue:
            yield f"{each['pipeline']} is locked by {holder}, and has the queue {queue}"


def _still_waiting(seen: Seen) -> Iterator[str]:
    for items in seen.releases.values():
        for each in items:
            if each.get("listing") == "pending":
                yield f"{each['release_id']} waits to be opened"
