#!/usr/bin/env bash
# Chromium, in which the tests look at the report of a release; nothing else needs it.
set -euo pipefail

if command -v chromium > /dev/null; then
  exit
fi
if [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null; then
  echo "Chromium is missing: installing it, for the tests of the report." >&2
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-liberation; } > "$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  rm "$log"
  exit
fi
cat >&2 <<'TEXT'
Not ready for the tests. This machine lacks:
  - Chromium: sudo apt install chromium fonts-liberation, or link another Chromium or Chrome to that name
TEXT
exit 1
