"""The check in the storefront's pipeline: is the site complete, with its version?

Source of the event: the CodePipeline user guide, "AWS Lambda invoke action reference".
"""

import html
import io
import json
import logging
import zipfile
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

LOG = logging.getLogger(__name__)
LOG.setLevel(logging.INFO)


def handler(event: dict[str, Any], _context: object) -> None:
    """Checks the job's artifact and reports the result to CodePipeline."""
    job = event["CodePipeline.job"]
    problems = problems_of_job(job)
    if problems:
        message = "; ".join(problems)
        codepipeline().put_job_failure_result(
            jobId=job["id"], failureDetails={"type": "JobFailed", "message": message}
        )
    else:
        message = "the site is complete"
        codepipeline().put_job_success_result(jobId=job["id"])
    LOG.info(message, extra={"job": job["id"]})


def problems_of_job(job: dict[str, Any]) -> list[str]:
    """The problems of a job's artifact; empty if it is good."""
    service = job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
    try:
        return problems_of_site(read_artifact(job["data"]), service)
    except (ClientError, zipfile.BadZipFile) as error:
        return [f"the artifact cannot be read: {error}"]


def problems_of_site(archive: bytes, service: str) -> list[str]:
    """The problems of a zipped site; empty if it is good. Raises BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(archive)) as site:
        missing = {"index.html", "version.json"} - set(site.namelist())
        if missing:
            return [f"{name} is missing" for name in sorted(missing)]
        page = site.read("index.html").decode(errors="replace")
        try:
            described = json.loads(site.read("version.json"))
            found, version = described["service"], described["version"]
        except (ValueError, KeyError, TypeError):
            return ["version.json does not name a service and a version"]
    problems = []
    if found != service:
        problems.append(f"this is the site of {found}, not of {service}")
    if f"<p>Version {html.escape(str(version))}</p>" not in page:
        problems.append(f"index.html does not show version {version}")
    return problems


def read_artifact(data: dict[str, Any]) -> bytes:
    """The job's only artifact, read with the job's own credentials. Raises ClientError."""
    credentials = data["artifactCredentials"]
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    s3 = boto3.client(
        "s3",
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
    )
    return s3.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()


@cache
def codepipeline() -> Any:
    """The client, created by the first call."""
    return boto3.client("codepipeline")
