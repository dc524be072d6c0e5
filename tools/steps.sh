# shellcheck shell=bash
# Sourced by test.sh and prove.sh: runs their parts, and says how long each took.

# The process id of a part in the background and the file of its output, if there is one.
background=
background_log=

running() { kill -0 "$1" 2> /dev/null; }

fail() { # message
  echo "== $1" >&2
  exit 1
}

# Run a part. Ends the script at once if it fails, or if the part in the background fails meanwhile.
step() { # name, command...
  local name=$1 started=$SECONDS part
  shift
  echo "== $name"
  "$@" &
  part=$!
  while running "$part"; do
    wait -n "$part" ${background:+"$background"} || true
    if [[ -n $background ]] && ! running "$background"; then
      join_background || {
        kill "$part" 2> /dev/null || true
        fail "The part in the background failed while this ran: $name"
      }
    fi
  done
  wait "$part" || fail "$name: FAILED ($((SECONDS - started)) s)"
  echo "== $name: passed ($((SECONDS - started)) s)"
}

# Wait for the part in the background and print its output. Fails if the part has failed.
join_background() {
  local code=0
  [[ -n $background ]] || return 0
  wait "$background" || code=$?
  background=
  cat "$background_log"
  return "$code"
}
