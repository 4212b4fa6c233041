#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the Python package into build/venv and tests it there. Usage: tools/python.sh [build|test|update]; build and
# test by default. update writes anew what tests compare with: the compiled module's stub, what the examples print.
# Without a package index it says what it leaves out; with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
python=build/venv/bin/python

left_out() {
    echo "python: left out: $1" >&2
    echo "python: because:  $2" >&2
    [[ ${CI:-} != true ]] || exit 1
    exit 0
}

# unless_done STAMP FILE COMMAND...: runs the command unless it has succeeded since the file last changed.
unless_done() {
    local stamp=build/venv/$1 wanted
    wanted=$(sha256sum "$2")
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return
    "${@:3}" && echo "$wanted" >"$stamp"
}

requirements() {
    echo "python: tools/requirements-python.txt into build/venv"
    "$python" -m pip install -q --retries 1 -U 'pip>=23.1' && "$python" -m pip install -q --retries 1 -r tools/requirements-python.txt
}

originals() {
    echo "python: the originals' tests into build/originals"
    rm -rf build/originals
    mkdir -p build/originals
    "$python" -m pip download -q --retries 1 --no-deps --no-binary :all: --require-hashes \
        -d build/originals -r tools/originals.txt || return
    local archive
    for archive in build/originals/*.tar.gz; do tar xf "$archive" -C build/originals || return; done
}

build() {
    [[ -x $python ]] || python3 -m venv build/venv || left_out "the Python package" "python3 -m venv does not work here"
    unless_done python.stamp tools/requirements-python.txt requirements ||
        left_out "the Python package" "pip could not get what builds it; most likely no package index was reached"
    CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-$(nproc)} "$python" -m pip install -q --no-build-isolation --no-deps .
}

tests() {
    unless_done originals.stamp tools/originals.txt originals ||
        echo "python: left out: the originals' own tests; pip could not get them" >&2
    "$python" -m pytest -q --timeout 300
}

case ${1:-both} in
build) build ;;
test) tests ;;
update)
    build
    INTERLOOP_UPDATE=1 "$python" -m pytest -q --timeout 300 python/tests/test_stubs.py python/tests/test_examples.py
    ;;
both)
    build
    tests
    ;;
*)
    echo "usage: tools/python.sh [build|test|update]" >&2
    exit 2
    ;;
esac
