#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes build/packaging-venv, with what packaging/requirements.txt lists, if it is not there already.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/packaging-venv
wanted=$(sha256sum packaging/requirements.txt)
[[ -f $venv/stamp && $(<"$venv/stamp") == "$wanted" ]] && exit
python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q --retries 1 -r packaging/requirements.txt || {
    echo "packaging: pip could not get packaging/requirements.txt; most likely no package index was reached" >&2
    exit 1
}
echo "$wanted" >"$venv/stamp"
