"""Prints a manifest that releases every pipeline of the demo, under an id that is new each time."""

import json
import sys
import time
from pathlib import Path


def demo_manifest(outputs: Path, release_id: str) -> str:
    """The manifest's JSON; `outputs` is what `terraform output -json` printed of infra/demo."""
    pipelines = json.loads(outputs.read_text())["pipelines"]["value"]
    return json.dumps({"releaseId": release_id, "pipelines": sorted(pipelines)}, indent=2)


if __name__ == "__main__":
    sys.stdout.write(
        demo_manifest(Path(sys.argv[1]), time.strftime("demo-%Y%m%d-%H%M%S", time.gmtime())) + "\n"
    )
