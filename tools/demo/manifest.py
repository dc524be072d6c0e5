"""Prints a manifest that releases each pipeline of the demo that needs no approval."""

import json
import sys
from pathlib import Path

# Both show items of the catalog, so the catalog is released first.
AFTER = {"shop-orders": ["shop-catalog"], "shop-storefront": ["shop-catalog"]}


def demo_manifest(outputs: Path, release_id: str) -> str:
    """The manifest's JSON; `outputs` is the file of infra/demo's `terraform output -json`."""
    pipelines = [
        {"name": name, "dependsOn": AFTER[name]} if name in AFTER else name
        for name in sorted(json.loads(outputs.read_text())["pipelines"]["value"])
    ]
    return json.dumps({"releaseId": release_id, "pipelines": pipelines}, indent=2)


if __name__ == "__main__":
    sys.stdout.write(demo_manifest(Path(sys.argv[1]), sys.argv[2]) + "\n")
