#!/usr/bin/env bash
# Deploys the release machine and the sample pipelines to the platform that is up, and releases them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ${TARGET:-platform} != platform ]]; then
  echo "The demo runs on the platform only; for AWS: make deploy TARGET=aws" >&2
  exit 2
fi
outputs=.platform/infra-demo-outputs.json
.venv/bin/python infra/demo/build_sources.py > /dev/null
.venv/bin/python -m tools.deploy apply infra infra/demo
exports=$(.venv/bin/python -m tools.platform env)
eval "$exports"
# A release id is used once, so each demo has its own; it is also the version that this demo ships.
release=$(date -u +demo-%Y%m%d-%H%M%S)
.venv/bin/python infra/demo/build_sources.py --version "$release" --output .build/demo-release > /dev/null
.venv/bin/python -m tools.demo.shop "$outputs" --push .build/demo-release
.venv/bin/python -m tools.demo.manifest "$outputs" "$release" > .build/demo-manifest.json
tools/operator.sh submit .build/demo-manifest.json
echo
echo "Live now:"
.venv/bin/python -m tools.demo.shop "$outputs"
cat <<'TEXT'

The platform is still up. Next:
  eval "$(make -s env)"                makes release-machine and aws commands of this shell, for this platform
  release-machine list                 the releases so far; docs/guides has a guide for each task
  make logs                            what the functions said
  make release MANIFEST=manifest.json  a release of your own
  make down                            end it
TEXT
