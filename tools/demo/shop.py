"""Works on the demo's shop: gives its pipelines new sources, or prints what is live."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_s3 import S3Client

SERVICES = Path(__file__).resolve().parents[2] / "infra/demo/services"


def services() -> list[str]:
    """The names of the shop's services."""
    return sorted(path.stem for path in SERVICES.glob("*.json"))


def push(sources: Path, bucket: str, s3: "S3Client") -> None:
    """Put each service's zip where its pipeline reads it, as developers would."""
    for service in services():
        name = f"{service}.zip"
        s3.put_object(Bucket=bucket, Key=name, Body=(sources / name).read_bytes())


def end_first(pipelines: Iterable[str], codepipeline: "CodePipelineClient") -> None:
    """Stop the executions that AWS started when it created the pipelines.

    Those that wait for an approval would block the demo's first release.
    """
    for name in pipelines:
        listed = codepipeline.list_pipeline_executions(pipelineName=name)
        for each in listed["pipelineExecutionSummaries"]:
            made = each.get("trigger", {}).get("triggerType") == "CreatePipeline"
            if made and each["status"] == "InProgress":
                codepipeline.stop_pipeline_execution(
                    pipelineName=name,
                    pipelineExecutionId=each["pipelineExecutionId"],
                    abandon=True,
                    reason="the demo's first release starts now",
                )


def live(bucket: str, s3: "S3Client") -> Iterator[str]:
    """One line for each service: its live version, the time of its deployment, and its page."""
    for service in services():
        try:
            deployed = s3.get_object(Bucket=bucket, Key=f"{service}/version.json")
        except s3.exceptions.NoSuchKey:
            yield f"{service:<14} not live yet: it waits for an approval (docs/guides/watch.md)"
            continue
        version = json.loads(deployed["Body"].read())["version"]
        page = f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}/{service}/index.html"
        yield f"{service:<14} {version:<21} {deployed['LastModified']:%H:%M:%SZ}  {page}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "outputs", type=Path, help="file with `terraform output -json` of infra/demo"
    )
    parser.add_argument("--push", type=Path, metavar="FOLDER", help="upload these zips as sources")
    options = parser.parse_args()
    outputs = json.loads(options.outputs.read_text())
    if options.push:
        end_first(outputs["approval_pipelines"]["value"], boto3.client("codepipeline"))
        push(options.push, outputs["sources_bucket"]["value"], boto3.client("s3"))
    else:
        for line in live(outputs["site_bucket"]["value"], boto3.client("s3")):
            sys.stdout.write(f"  {line}\n")
