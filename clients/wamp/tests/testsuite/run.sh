#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs Autobahn's fuzzing server against the WebSocket transport. Not part of CI: it needs a CPython 2.7, with pip, and a
# package index; minutes.
# Usage: clients/wamp/tests/testsuite/run.sh [BUILD_FOLDER], by default build/dev, in which wamp_transport_test is built.
# PYTHON2: the interpreter. The reports are in build/testsuite/reports.
set -euo pipefail
build=$(realpath "${1:-build/dev}")
cd "$(dirname "$0")/../../../.."
python2=${PYTHON2:-python2.7}
here=clients/wamp/tests/testsuite
export PYTHONUSERBASE=$PWD/build/testsuite/python PIP_DISABLE_PIP_VERSION_CHECK=1
reports=build/testsuite/reports
program=$build/tests/clients/wamp/tests/wamp_transport_test

if ! "$python2" -c "import autobahntestsuite" 2>/dev/null; then
    "$python2" -m pip install -q --user --no-deps -r "$here/requirements.txt" 2> >(grep -v DEPRECATION >&2)
fi
rm -rf "$reports"
mkdir -p "$reports"
"$python2" "$here/server.py" "$reports" >build/testsuite/log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null' EXIT
while [[ ! -f $reports/port ]]; do
    kill -0 "$server" || { cat build/testsuite/log >&2 && exit 1; }
    sleep 0.1
done
INTERLOOP_FUZZING_SERVER="127.0.0.1:$(<"$reports/port")" "$program" --gtest_filter='*wamp_fuzzing_server*' --gtest_brief=1
python3 - "$reports/index.json" <<'PYTHON'
import collections
import json
import sys

with open(sys.argv[1]) as report:
    (cases,) = json.load(report).values()
for what in ("behavior", "behaviorClose"):
    print(what, dict(collections.Counter(case[what] for case in cases.values())))
wrong = [name for name, case in cases.items() if {case["behavior"], case["behaviorClose"]} - {"OK", "INFORMATIONAL"}]
print(f"{len(cases)} cases, {len(wrong)} wrong", *wrong)
sys.exit(bool(wrong))
PYTHON
