"""Cold start: what a function imports and creates, compared with boto3 and the same clients."""

import json
import re
import subprocess
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.counting import ZIPS
from tests.bench.samples import Sample, ratio
from tests.bench.tables import Goal, Table

ROOT = Path(__file__).resolve().parents[2]
# The interpreter of the functions on the platform: boto3 and the runtime, nothing else.
PYTHON = ROOT / ".platform/lambda-runtime/bin/python"
RUNS, SHORT_RUNS = 15, 1
LIMITS = {"open_release": 1.5}
LIMIT = 1.25
LARGEST = 6

# Prints the clients that a handler creates before its first call, which fails.
CLIENTS = """
import boto3, json, os, sys
sys.path.insert(0, sys.argv[1])
created = []
class Client:
    def __getattr__(self, name):
        def fail(*_, **__):
            print(json.dumps(created)); sys.stdout.flush(); os._exit(0)
        return fail
def client(service, **_):
    created.append(service)
    return Client()
boto3.client = client
import importlib, types
handler = importlib.import_module(sys.argv[2] + ".handler").handler
context = types.SimpleNamespace(
    aws_request_id="cold", get_remaining_time_in_millis=lambda: 180_000
)
handler(json.loads(sys.argv[3]), context)
"""
# Prints the milliseconds to import the modules and to create the clients.
STARTING = """
import sys, time
sys.path.insert(0, sys.argv[1])
began = time.perf_counter()
import importlib
for module in sys.argv[2].split(","):
    importlib.import_module(module)
import boto3
for service in sys.argv[3].split(","):
    boto3.client(service)
print((time.perf_counter() - began) * 1000)
"""
# Prints the milliseconds until the handler calls AWS for the first time.
CALLING = """
import sys, time
sys.path.insert(0, sys.argv[1])
began = time.perf_counter()
import importlib
handler = importlib.import_module(sys.argv[2] + ".handler").handler
import botocore.client, json, os, types
def call(*_, **__):
    print((time.perf_counter() - began) * 1000); sys.stdout.flush(); os._exit(0)
botocore.client.BaseClient._make_api_call = call
context = types.SimpleNamespace(
    aws_request_id="cold", get_remaining_time_in_millis=lambda: 180_000
)
handler(json.loads(sys.argv[3]), context)
"""
SIGNED = {
    "httpMethod": "POST",
    "requestContext": {"identity": {"userArn": "arn:aws:iam::000000000000:user/cold"}},
}
EVENTS: dict[str, Any] = {
    "open_release": {"execution_arn": "arn:aws:states:us-east-1:0:execution:release:cold"},
    "run_pipeline": {
        "release_id": "cold",
        "pipeline": "cold",
        "task_token": "cold",
        "wait_seconds": 3600,
        "look_after_seconds": 3600,
    },
    "record_state_change": json.loads((ROOT / "tests/events/pipeline_started.json").read_text()),
    "close_release": {
        "release_id": "cold",
        "execution_arn": "arn:aws:states:us-east-1:0:execution:release:cold",
    },
    "answer_approval": {
        **SIGNED,
        "resource": "/approvals/{approval}/{releaseId}",
        "pathParameters": {"approval": "cold", "releaseId": "cold"},
        "body": '{"decision": "approve"}',
    },
    "change_freeze": {
        **SIGNED,
        "httpMethod": "DELETE",
        "resource": "/freezes/{scope}",
        "pathParameters": {"scope": "*"},
        "body": None,
    },
    "notify_people": {
        "source": "release-machine",
        "detail-type": "Release Started",
        "detail": {"releaseId": "cold"},
    },
}
# What each handler reads from its environment, and a Region for the clients.
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_LAMBDA_FUNCTION_NAME": "cold",
    "RELEASES_TABLE": "releases",
    "EXECUTIONS_TABLE": "executions",
    "PIPELINES_TABLE": "pipelines",
    "RECORD_RETENTION_DAYS": "90",
    "DEPLOYMENT": "cold",
    "EVENT_BUS": "default",
    "LOOK_AFTER_SECONDS": "3600",
    "PIPELINE_NAME_PATTERNS": "*",
    "MANIFEST_BUCKET": "manifests",
    "SESSION_NAMES_ARE_PINNED": "false",
    "PEOPLE_TOPIC": "arn:aws:sns:us-east-1:0:cold",
}


def measure(*, short: bool) -> list[Table]:
    """Start fresh interpreters, in turns with and without the function's own modules."""
    rows, goals, largest = [], [], []
    for function, event in EVENTS.items():
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(ZIPS / f"{function}.zip") as archive:
                archive.extractall(folder)
            clients = sorted(set(json.loads(_run(CLIENTS, folder, function, json.dumps(event)))))
            runs = SHORT_RUNS if short else RUNS
            ours, boto3 = _start(folder, function, clients, runs)
            calling = _calling(folder, function, event, runs)
            largest.append((function, *_largest(folder, function, clients)))
        times = boto3.show(), ours.show(), f"{ratio(ours, boto3):.2f}", calling.show()
        rows.append((function, ", ".join(clients), *times))
        limit = LIMITS.get(function, LIMIT)
        goals.append(Goal(f"`{function}`, times boto3 and its clients", ratio(ours, boto3), limit))
    return [
        Table(
            caption="Milliseconds in a fresh interpreter: median (quartiles).",
            head=(
                *("", "clients", "boto3 and the clients", "handler and the clients", "ratio"),
                "until the first call",
            ),
            rows=rows,
            goals=goals,
        ),
        Table(
            caption="What the import of a handler adds to boto3 and the clients (`-X importtime`):"
            " the largest modules, each without what it imports, in milliseconds.",
            head=("", "modules", "all of them"),
            rows=largest,
        ),
    ]


def _start(folder: str, function: str, clients: list[str], runs: int) -> tuple[Sample, Sample]:
    """Return the times of the function and of boto3 alone. The first run of each does not count."""
    ours, boto3 = [], []
    for _ in range(runs + 1):
        boto3.append(float(_run(STARTING, folder, "boto3", ",".join(clients))))
        ours.append(float(_run(STARTING, folder, f"{function}.handler", ",".join(clients))))
    return Sample.of(ours[1:]), Sample.of(boto3[1:])


def _calling(folder: str, function: str, event: Any, runs: int) -> Sample:
    """Return the times until the first call. The first run does not count."""
    arguments = (folder, function, json.dumps(event))
    return Sample.of([float(_run(CALLING, *arguments)) for _ in range(runs + 1)][1:])


def _largest(folder: str, function: str, clients: list[str]) -> tuple[str, str]:
    """Return the modules that only the handler imports: the largest ones, and their sum."""
    own, boto3 = (_imports(folder, module, clients) for module in (f"{function}.handler", "boto3"))
    added = Counter({module: took for module, took in own.items() if module not in boto3})
    largest = (f"`{module}` {took / 1000:.0f}" for module, took in added.most_common(LARGEST))
    return ", ".join(largest), f"{added.total() / 1000:.0f}"


def _imports(folder: str, module: str, clients: list[str]) -> dict[str, int]:
    """Return the microseconds that each module itself takes, without what it imports."""
    arguments = (folder, module, ",".join(clients))
    done = _interpreter("-X", "importtime", "-c", STARTING, *arguments)
    lines = re.findall(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE)
    return {name: int(microseconds) for microseconds, name in lines}


def _run(code: str, *arguments: str) -> str:
    return _interpreter("-c", code, *arguments).stdout


def _interpreter(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-I", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
