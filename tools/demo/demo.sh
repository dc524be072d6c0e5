#!/usr/bin/env bash
# Deploys the release machine and the sample pipelines to the running platform, and releases them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ${TARGET:-platform} != platform ]]; then
  echo "The demo runs only on the platform. To deploy to AWS: make deploy TARGET=aws BACKEND_CONFIG=file" >&2
  exit 2
fi
outputs=.platform/infra-demo-outputs.json
.venv/bin/python infra/demo/build_sources.py > /dev/null
.venv/bin/python -m tools.deploy apply infra infra/demo
exports=$(.venv/bin/python -m tools.platform env)
eval "$exports"
# A release id can be used only once, so each demo has its own. It is also the version that the demo ships.
release=$(date -u +demo-%Y%m%d-%H%M%S)
.venv/bin/python infra/demo/build_sources.py --version "$release" --output .build/demo-release > /dev/null
.venv/bin/python -m tools.demo.shop "$outputs" --push .build/demo-release
.venv/bin/python -m tools.demo.manifest "$outputs" "$release" > .build/demo-manifest.json
.venv/bin/python -m tools.demo.messages --subscribe
tools/operator.sh submit .build/demo-manifest.json --yes
echo
echo "Live now:"
.venv/bin/python -m tools.demo.shop "$outputs"
echo
echo "The e-mail that people get (docs/guides/notify.md):"
.venv/bin/python -m tools.demo.messages --outcome "$release"
cat <<'TEXT'

The platform is still running. Next:
  eval "$(make -s env)"                set up this shell: release-machine and aws then reach the platform
  release-machine list                 list the releases; docs/guides has a guide for each task
  make logs                            show the logs of the functions
  make release MANIFEST=manifest.json  start a release of your own
  make down                            stop the platform
TEXT
