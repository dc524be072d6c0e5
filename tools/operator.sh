#!/usr/bin/env bash
# Runs the release-machine command against the target: the running platform, or AWS with the shell's settings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${TARGET:-platform} == platform ]]; then
  exports=$(.venv/bin/python -m tools.platform env) || exit 3
  eval "$exports"
fi
exec .venv/bin/release-machine "$@"
