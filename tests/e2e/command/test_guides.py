"""Each guide is done as it stands: its files written, its commands run, its outputs compared."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

import pytest

from tests.e2e.account.account import Account
from tests.e2e.account.waiting import wait_until
from tests.e2e.command.guides import (
    GUIDES,
    Command,
    File,
    is_as_expected,
    on_a_day_of_its_own,
    read,
)
from tools.demo.shop import end_first, push, services

pytestmark = pytest.mark.platform

ROOT = Path(__file__).resolve().parents[3]
SHOP = sorted(f"shop-{service}" for service in services())
SOURCES = ROOT / ".build/demo"


@pytest.fixture(scope="module")
def bucket(account: Account) -> str:
    """The bucket that the shop's pipelines take their sources from."""
    declared = account.codepipeline.get_pipeline(name=SHOP[0])["pipeline"]
    return declared["stages"][0]["actions"][0]["configuration"]["S3Bucket"]


@pytest.fixture(scope="module")
def shop(account: Account, bucket: str) -> None:
    """The pipelines of infra/demo, as the demo leaves them: good sources, nothing in flight."""
    push(SOURCES, bucket, account.s3)
    end_first(SHOP, account.codepipeline)
    wait_until(
        "nothing runs in the shop",
        lambda: not any(in_flight(account, pipeline) for pipeline in SHOP),
    )


@pytest.fixture(scope="module")
def followed(
    request: pytest.FixtureRequest, shop: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[Path, Future[str | None]]]:
    """What is wrong with each guide: followed side by side, unless they need the same pipelines."""
    callspecs = (getattr(item, "callspec", None) for item in request.session.items)
    chosen = [each.params["guide"] for each in callspecs if each and "guide" in each.params]
    guides = chosen or GUIDES
    # Made here, in one thread: two first calls at once would give the factory two base folders.
    homes = {guide: tmp_path_factory.mktemp(guide.stem) for guide in guides}
    locks = {pipeline: Lock() for pipeline in SHOP}

    def follow_in_turn(guide: Path) -> str | None:
        text = guide.read_text(encoding="utf-8")
        with ExitStack() as needed:
            # In one order for all, so that no two guides wait for each other.
            for pipeline in SHOP:
                if pipeline in text:
                    needed.enter_context(locks[pipeline])
            return follow(guide, homes[guide])

    with ThreadPoolExecutor(len(guides)) as pool:
        yield {guide: pool.submit(follow_in_turn, guide) for guide in guides}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_can_be_followed(guide: Path, followed: Mapping[Path, Future[str | None]]) -> None:
    """Every command does and prints what the guide says, in an empty folder."""
    problem = followed[guide].result()
    assert problem is None, problem


def test_the_guides_leave_the_sources_as_they_were(
    followed: Mapping[Path, Future[str | None]], account: Account, bucket: str
) -> None:
    """Whoever follows one guide after the other, in any order, finds what each of them expects."""
    wait(followed.values())
    names = [f"{service}.zip" for service in services()]
    left = {name: account.s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}
    assert [name for name in names if left[name] != (SOURCES / name).read_bytes()] == []


def in_flight(account: Account, pipeline: str) -> list[str]:
    """The executions of a pipeline that have not ended."""
    listed = account.codepipeline.list_pipeline_executions(pipelineName=pipeline)
    return [
        each["pipelineExecutionId"]
        for each in listed["pipelineExecutionSummaries"]
        if each["status"] in {"InProgress", "Stopping"}
    ]


def script(steps: list[Command], mark: str) -> str:
    """One bash script of all commands; before the output of each comes ``mark`` and its line."""
    parts = ["set -euo pipefail"]
    for step in steps:
        parts.append(f"echo '{mark} {step.line}'")
        if step.exits:
            # In a shell of its own, as -e would end this one.
            parts += ["set +e", f"(set -e\n{step.code})", "code=$?", "set -e"]
            parts.append(f'[[ $code == {step.exits} ]] || {{ echo "exit code $code"; exit 1; }}')
        else:
            parts.append(step.code)
    return "\n".join(parts)


def follow(guide: Path, home: Path) -> str | None:
    """Do what a guide says in an empty folder; answers what is wrong with it, or None."""
    steps = read(on_a_day_of_its_own(guide, home))
    folder, mark = home / "empty", secrets.token_hex(8)
    folder.mkdir()
    for each in steps:
        if isinstance(each, File):
            (folder / each.name).write_text(each.content, encoding="utf-8")
    commands = [each for each in steps if isinstance(each, Command) and not each.not_run]
    done = subprocess.run(
        ["bash", "-c", script(commands, mark)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60 * len(commands),
        env=environment(home),
    )
    outputs = [part.partition("\n")[2] for part in done.stdout.split(mark)[1:]]
    for command, printed in zip(commands, outputs, strict=False):
        if command.prints is not None and not is_as_expected(printed, command.prints):
            return f"{guide}:{command.line} printed\n{printed}\ninstead of\n{command.prints}"
    if done.returncode:
        return f"{guide}:{commands[len(outputs) - 1].line} failed:\n{outputs[-1]}"
    return None


def environment(home: Path) -> dict[str, str]:
    """What a reader's shell has: the command, and where the deployment is."""
    return {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RELEASE_MACHINE_OUTPUTS": str(Path(os.environ["RELEASE_MACHINE_OUTPUTS"]).resolve()),
        "COLUMNS": "120",
    }
