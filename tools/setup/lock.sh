#!/usr/bin/env bash
# Renews the locks from requirements/*.in. Versions that an .in file does not pin move only with --upgrade.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../requirements"

lock() { # name, options
  local name=$1
  shift
  # Without an index and without addresses: the lock serves any registry, and its hashes say what to accept.
  ../.platform/bootstrap/bin/uv pip compile --quiet --python-version "$(< ../.python-version)" --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "tools/setup/lock.sh" \
    "$name.in" --output-file "$name.txt" "$@"
}

lock bootstrap --universal "$@"
lock functions/open_release --universal "$@"
lock lambda-runtime --universal "$@"
# Not universal: a dependency of LocalStack contradicts itself for Python 3.14, which is not used here.
lock platform "$@"
lock dev --universal "$@"
