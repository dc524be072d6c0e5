"""The chaos soak: python -m tests.soak [--minutes N] [--seed N].

Releases run on the deployment that the environment names, while events are lost, doubled and late,
calls throttled, answers old, functions killed and people busy. Afterwards all of them must have
ended, and all records must be true. make soak gives it a platform of its own.
"""

import argparse
import json
import secrets
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from click.testing import CliRunner

from release_machine.cli import cli
from tests.e2e.account.account import account_from_environment
from tests.e2e.account.functions import Functions
from tests.e2e.account.ledger import Ledger
from tests.e2e.account.machines import Machines
from tests.e2e.account.people import People
from tests.e2e.account.waiting import wait_until
from tests.e2e.releasing.pipelines import Pipelines, unique
from tests.e2e.releasing.releases import Releases
from tests.soak.chaos import Chaos
from tests.soak.crowd import Crowd
from tests.soak.truth import Seen, leaked, untruths, vanished

ROOT = Path(__file__).resolve().parents[2]
HOUR_PASSED = json.loads((ROOT / "tests/events/hour_passed.json").read_text(encoding="utf-8"))
PLAIN, GATED = 20, 4
AT_ONCE = 12
LOOK_AFTER_SECONDS = 10
TICK = 0.25
# Looks double their interval, so a lost event may be found minutes later.
LONGEST_END = 600.0
SWEEP_EVERY = 20.0
# A token is replaced with each look.
TOKENS_EVERY = 3.0


@dataclass
class Soak:
    """One soak."""

    minutes: float
    seed: int

    def __post_init__(self) -> None:
        """Find the deployment and make pipelines."""
        self.account = account_from_environment()
        self.ledger = Ledger(self.account)
        self.tokens: set[str] = set()
        self.functions = Functions(self.account)
        self.pipelines = Pipelines.in_account(self.account)
        self.pipelines = Pipelines(self.account, self.pipelines.bucket, prefix="soak-")
        Machines(self.account).hasten(LOOK_AFTER_SECONDS)
        self.gated = [self.pipelines.make(approval=True) for _ in range(GATED)]
        self.names = [*self.gated, *(self.pipelines.make() for _ in range(PLAIN))]

    def run(self) -> list[str]:
        """Let releases run under chaos, then in peace; return what is not true at the end."""
        draw = Random(self.seed)  # noqa: S311  # no secret
        people = People(self.account, unique)
        with people.ends:
            crowd = Crowd(
                account=self.account,
                ledger=self.ledger,
                releases=Releases(self.account, self.ledger),
                draw=draw,
                pipelines=self.names,
                gated=self.gated,
                people=[people.user(name) for name in ("ann", "ben")],
            )
            with Chaos(self.account, draw, self.names) as chaos:
                self._under_chaos(crowd, chaos)
            say(f"{len(crowd.handed_in)} releases handed in; the rest runs in peace")
            crowd.lift_all()
            self._in_peace(crowd)
            seen = Seen.of(self.ledger, self.pipelines, self.names)
            outcomes = Counter(each["status"] for each in seen.headers)
            for title, counted in (
                ("People", crowd.done),
                ("Chaos", chaos.done),
                ("Outcomes", outcomes),
            ):
                say(f"{title}: " + ", ".join(f"{what} {n}" for what, n in sorted(counted.items())))
            say(f"Executions started: {sum(map(len, seen.ours.values()))}")
            left = {name: count for name, count in self.functions.dead_letters().items() if count}
            return [
                *untruths(seen),
                *vanished(seen, crowd.handed_in),
                *leaked(self.account, self.tokens),
                *([f"dead letters are left: {left}"] if left else []),
            ]

    def _under_chaos(self, crowd: Crowd, chaos: Chaos) -> None:
        end = time.monotonic() + self.minutes * 60
        number = 0
        tokens_read = 0.0
        while time.monotonic() < end:
            running = self._running()
            if len(running) < AT_ONCE:
                number += 1
                crowd.hand_in(f"soak-{self.seed}-{number}")
            chaos.strike()
            crowd.act(running)
            if time.monotonic() - tokens_read > TOKENS_EVERY:
                tokens_read = time.monotonic()
                self.tokens |= self.ledger.task_tokens()
            time.sleep(TICK)

    def _in_peace(self, crowd: Crowd) -> None:
        swept = 0.0

        def all_ended() -> bool:
            nonlocal swept
            crowd.answer_all()
            if time.monotonic() - swept > SWEEP_EVERY:
                swept = time.monotonic()
                self._repair()
            return not self._running() and not any(crowd.open()) and not self._unannounced()

        wait_until("all releases end and are announced", all_ended, LONGEST_END)

    def _repair(self) -> None:
        """Do what the hourly rule does, and what the alarm of a dead-letter queue asks for."""
        self.functions.call("close_release", HOUR_PASSED)
        replayed = CliRunner().invoke(cli, ["dead-letters", "replay", "--all"])
        assert replayed.exit_code == 0, replayed.output

    def _unannounced(self) -> list[str]:
        return [
            each["release_id"]
            for each in self.ledger.newest(1000)
            if "announced_at" not in each and each["status"] != "REJECTED"
        ]

    def _running(self) -> list[str]:
        pages = self.account.step_functions.get_paginator("list_executions").paginate(
            stateMachineArn=self.account.outputs["state_machine_arn"], statusFilter="RUNNING"
        )
        return [each["executionArn"] for page in pages for each in page["executions"]]


def main(arguments: list[str]) -> int:
    """Run a soak and say what it did; the exit code is 1 if something is not true."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options = parser.parse_args(arguments)
    say(f"Seed {options.seed}: the same requests and faults, at other moments")
    found = Soak(options.minutes, options.seed).run()
    for each in found:
        say(f"NOT TRUE: {each}")
    say(
        "All releases have ended, and all records are true."
        if not found
        else f"{len(found)} untruths"
    )
    return bool(found)


def say(text: str) -> None:
    """Print at once: a soak takes minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
