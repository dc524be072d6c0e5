"""Prints which version of each service of the demo is live now, read from where it lies."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SERVICES = Path(__file__).resolve().parents[1] / "infra/demo/services"


def live_versions(bucket: str, s3: "S3Client") -> Iterator[tuple[str, str, str]]:
    """Each service with its live version and the time of its deployment, or why there is none."""
    for service in sorted(path.stem for path in SERVICES.glob("*.json")):
        try:
            deployed = s3.get_object(Bucket=bucket, Key=f"{service}/version.json")
        except s3.exceptions.NoSuchKey:
            yield service, "nothing yet", "its pipeline waits for an approval"
            continue
        version = json.loads(deployed["Body"].read())["version"]
        yield service, version, f"since {deployed['LastModified']:%H:%M:%S} UTC"


if __name__ == "__main__":
    site = json.loads(Path(sys.argv[1]).read_text())["site_bucket"]["value"]
    pages = f"{os.environ['AWS_ENDPOINT_URL']}/{site}"
    for service, version, when in live_versions(site, boto3.client("s3")):
        page = f"{pages}/{service}/index.html" if when.startswith("since") else ""
        sys.stdout.write(f"  {service:<14} {version:<21} {when}  {page}".rstrip() + "\n")
