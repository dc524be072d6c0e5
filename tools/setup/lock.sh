#!/usr/bin/env bash
# Updates the locks from requirements/*.in. Versions that no .in file pins change only with --upgrade.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../requirements"

lock() { # name, options
  local name=$1
  shift
  # No index and no URLs: the lock works with any registry, and its hashes protect the downloads.
  ../.platform/bootstrap/bin/uv pip compile --quiet --python-version "$(< ../.python-version)" --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "tools/setup/lock.sh" \
    "$name.in" --output-file "$name.txt" "$@"
}

lock bootstrap --universal "$@"
lock functions/open_release --universal "$@"
lock lambda-runtime --universal "$@"
# Not universal: a dependency of LocalStack cannot be resolved for Python 3.14, which is not used here.
lock platform "$@"
lock dev --universal "$@"
lock checkov --universal "$@"
