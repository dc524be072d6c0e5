#!/usr/bin/env bash
# Installs Chromium, which only the tests of the release report need.
set -euo pipefail

if command -v chromium > /dev/null; then
  exit
fi
if [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null; then
  echo "Installing Chromium for the tests of the release report." >&2
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
The tests need programs that this machine does not have:
  - Chromium: sudo apt install chromium fonts-liberation, or link another Chromium or Chrome as `chromium`
TEXT
exit 1
