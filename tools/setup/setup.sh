#!/usr/bin/env bash
# Checks the programs that the project needs, names all missing ones at once, then runs steps.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

wanted_python=$(< .python-version)
missing=()

# Prints the first Python of the wanted version that can make venvs: pyenv's, uv's, then PATH's.
find_python() {
  local candidate
  local candidates=()
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$wanted_python"*/bin/python; do
    candidates+=("$candidate")
  done
  if command -v uv > /dev/null; then
    candidates+=("$(uv python find "$wanted_python" 2> /dev/null || true)")
  fi
  candidates+=("$(command -v "python$wanted_python" || true)" "$(command -v python3 || true)")
  for candidate in "${candidates[@]}"; do
    if [[ -x $candidate ]] && "$candidate" - "$wanted_python" 2> /dev/null <<'PYTHON'; then
import ensurepip, sys, venv
sys.exit("{}.{}".format(*sys.version_info) != sys.argv[1])
PYTHON
      echo "$candidate"
      return
    fi
  done
}

require() { # command, what it is, how to get it
  if ! command -v "$1" > /dev/null; then
    missing+=("$2: $3")
  fi
}

# Called only when a step is outdated: a JVM takes a third of a second to print its version.
require_versions() {
  local java terraform
  if command -v java > /dev/null; then
    java=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
    if ((${java:-0} < 17)); then
      missing+=("Java 17 or later (found ${java:-no version}): apt install openjdk-17-jre-headless, or brew install openjdk")
    fi
  fi
  if command -v terraform > /dev/null; then
    terraform=$(TF_CLI_CONFIG_FILE='' terraform version | sed -n '1s/^Terraform v1\.\([0-9]*\).*/\1/p')
    if ((${terraform:-0} < 11)); then
      missing+=("Terraform 1.11 or later: https://developer.hashicorp.com/terraform/install")
    fi
  fi
}

# A venv of an earlier run proves that Python was found.
python=.platform/bootstrap/bin/python
if [[ ! -x $python ]]; then
  python=$(find_python)
fi
if [[ -z $python ]]; then
  missing+=("Python $wanted_python with venv: pyenv install $wanted_python, or uv python install $wanted_python, or apt install python$wanted_python-venv")
fi
require npm "Node.js with npm" "https://nodejs.org, or apt install nodejs npm"
require java "Java 17 or later" "apt install openjdk-17-jre-headless, or brew install openjdk"
require terraform "Terraform 1.11 or later" "https://developer.hashicorp.com/terraform/install"
if ((${#missing[@]} == 0)) && ! "$python" tools/setup/steps.py --is-current; then
  require_versions
  if ((${#missing[@]} == 0)); then
    exec "$python" tools/setup/steps.py
  fi
fi
if ((${#missing[@]} > 0)); then
  echo "Set-up needs programs that this machine does not have:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
fi
