#!/usr/bin/env bash
# Runs the release-machine command against the target: the platform that is up, or AWS as the shell is set for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${TARGET:-platform} == platform ]]; then
  exports=$(.venv/bin/python -m tools.platform env) || exit 3
  eval "$exports"
fi
exec .venv/bin/release-machine "$@"
