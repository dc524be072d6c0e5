"""Each guide works as it is: its files are written, its commands run, its outputs compared."""

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
    """The pipelines of infra/demo with good sources and no running execution."""
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
    """The problem of each guide, if any; guides with different pipelines run in parallel."""
    callspecs = (getattr(item, "callspec", None) for item in request.session.items)
    chosen = [each.params["guide"] for each in callspecs if each and "guide" in each.params]
    guides = chosen or GUIDES
    # One thread makes the folders: two first calls at once would make two base folders.
    homes = {guide: tmp_path_factory.mktemp(guide.stem) for guide in guides}
    locks = {pipeline: Lock() for pipeline in SHOP}

    def follow_in_turn(guide: Path) -> str | None:
        text = guide.read_text(encoding="utf-8")
        with ExitStack() as needed:
            # All guides take the locks in one order, so that none waits for another in a circle.
            for pipeline in SHOP:
                if pipeline in text:
                    needed.enter_context(locks[pipeline])
            return follow(guide, homes[guide])

    with ThreadPoolExecutor(len(guides)) as pool:
        yield {guide: pool.submit(follow_in_turn, guide) for guide in guides}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_can_be_followed(guide: Path, followed: Mapping[Path, Future[str | None]]) -> None:
    """In an empty folder every command exits and prints as the guide says."""
    problem = followed[guide].result()
    assert problem is None, problem


def test_the_guides_restore_the_sources(
    followed: Mapping[Path, Future[str | None]], account: Account, bucket: str
) -> None:
    """After each guide the sources are as before, so guides can be followed in any order."""
    wait(followed.values())
    names = [f"{service}.zip" for service in services()]
    left = {name: account.s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}
    assert [name for name in names if left[name] != (SOURCES / name).read_bytes()] == []


def in_flight(account: Account, pipeline: str) -> list[str]:
    """Return the executions of a pipeline that have not ended."""
    listed = account.codepipeline.list_pipeline_executions(pipelineName=pipeline)
    return [
        each["pipelineExecutionId"]
        for each in listed["pipelineExecutionSummaries"]
        if each["status"] in {"InProgress", "Stopping"}
    ]


def script(steps: list[Command], mark: str) -> str:
    """Return a bash script of all commands; it prints ``mark`` and the line before each output."""
    parts = ["set -euo pipefail"]
    for step in steps:
        parts.append(f"echo '{mark} {step.line}'")
        if step.exits:
            # In a subshell, because -e would end this one.
            parts += ["set +e", f"(set -e\n{step.code})", "code=$?", "set -e"]
            parts.append(f'[[ $code == {step.exits} ]] || {{ echo "exit code $code"; exit 1; }}')
        else:
            parts.append(step.code)
    return "\n".join(parts)


def follow(guide: Path, home: Path) -> str | None:
    """Follow a guide in an empty folder; return its problem, or None."""
    steps = read(on_a_day_of_its_own(guide, home))
    folder, mark = home / "empty", secrets.token_hex(8)
    folder.mkdir()
    (home / "bin").mkdir()
    (home / "bin/timeout").symlink_to(Path(__file__).with_name("timeout.py"))
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
        timeout=900,
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
    """Return the environment of a reader's shell: the command and the deployment."""
    return {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RELEASE_MACHINE_OUTPUTS": str(Path(os.environ["RELEASE_MACHINE_OUTPUTS"]).resolve()),
        "COLUMNS": "120",
    }
