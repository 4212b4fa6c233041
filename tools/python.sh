#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and tests the Python package in a virtual environment for each installed CPython: build/venv for `python3`, and
# build/venv-3.12 and so on for each other minor version from 3.11 on that is on PATH or in pyenv.
# Usage: tools/python.sh [build|test|update|others]. build, test: only that step, for build/venv only. update: rewrites
# the files that tests compare with, which are the compiled module's stub and the output of the examples. others: lists
# the other CPythons found.
# Without a package index it says what it skips; with CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
summary=()
status=0

# left_out WHAT WHY: says so and goes on; in CI that is a failure.
left_out() {
    echo "python: left out: $1" >&2
    echo "python: because:  $2" >&2
    summary+=("$1: left out: $2")
    [[ ${CI:-} != true ]] || status=1
}

# use VENV: sets the environment that the functions below work with.
use() {
    venv=$1
    python=$venv/bin/python
}

is_main() { [[ $venv == build/venv ]]; }

# unless_done STAMP FILE... -- COMMAND...: runs the command unless it has succeeded since the files last changed.
unless_done() {
    local stamp=$venv/$1 files=() wanted
    shift
    while [[ $1 != -- ]]; do files+=("$1") && shift; done
    wanted=$(sha256sum "${files[@]}")
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return
    "${@:2}" && echo "$wanted" >"$stamp"
}

# Packages for each interpreter, and those for build/venv only.
requirement_files() {
    echo tools/requirements-python.txt
    if is_main; then echo tools/requirements-python-once.txt; fi
}

requirements() {
    local files
    mapfile -t files < <(requirement_files)
    echo "python: ${files[*]} into $venv"
    "$python" -m pip install -q --retries 1 -U 'pip>=23.1' &&
        "$python" -m pip install -q --retries 1 "${files[@]/#/--requirement=}"
}

originals() {
    echo "python: the originals' tests into build/originals"
    rm -rf build/originals
    mkdir -p build/originals
    "$python" -m pip download -q --retries 1 --no-deps --no-binary txaio --require-hashes \
        -d build/originals -r tools/originals.txt || return
    local archive
    for archive in build/originals/*.tar.gz; do tar xf "$archive" -C build/originals || return; done
    for archive in build/originals/*.whl; do "$python" -m zipfile -e "$archive" "${archive%-py3-*}" || return; done
}

version() { "$python" -c 'import platform; print("CPython", platform.python_version())'; }

# build INTERPRETER: fails if the package cannot be built, after left_out or the compiler has reported it.
build() {
    local files
    mapfile -t files < <(requirement_files)
    [[ -x $python ]] || "$1" -m venv "$venv" || {
        left_out "the Python package in $venv" "$1 -m venv does not work here"
        return 1
    }
    unless_done python.stamp "${files[@]}" -- requirements || {
        left_out "the Python package for $(version)" \
            "pip could not get what builds it; most likely no package index was reached"
        return 1
    }
    # Warnings are errors, because headers of a newer CPython warn of what it will remove.
    CMAKE_BUILD_PARALLEL_LEVEL=$jobs "$python" -m pip install -q --no-build-isolation --no-deps \
        -C cmake.define.INTERLOOP_WARNINGS_AS_ERRORS=ON . && return
    summary+=("$(version): the build has FAILED")
    status=1
    return 1
}

# Type checkers and stubtest read the same files on every interpreter, and Autobahn's tests and the examples are about the
# API, not the interpreter; so are the plugin of pytest and the starter. The originals' own tests, and all others of ours,
# run on each.
tests() {
    local log=$venv/pytest.log arguments=(-q --timeout 300 --durations 10 -n "$jobs" --dist worksteal)
    if is_main; then
        unless_done originals.stamp tools/originals.txt -- originals ||
            left_out "the originals' own tests" "pip could not get them"
    else
        local once
        for once in autobahn types stubs examples client_examples wamp_example new pytest_plugin; do
            arguments+=(--ignore "python/tests/test_$once.py")
        done
    fi
    echo "python: $(version) in $venv"
    "$python" -m pytest "${arguments[@]}" -o cache_dir="$PWD/$venv/pytest" 2>&1 | tee "$log" || status=1
    summary+=("$(version): $(tail -n 1 "$log")")
}

# candidates: the commands called python3.N, on PATH or in pyenv, lowest N first, and those on PATH before pyenv's.
candidates() {
    local folders
    IFS=: read -ra folders <<<"$PATH"
    {
        find -L "${folders[@]}" -maxdepth 1 -name 'python3.*' 2>/dev/null || true
        find "${PYENV_ROOT:-$HOME/.pyenv}/versions" -maxdepth 3 -path '*/bin/python3.*' 2>/dev/null | sort -rV || true
    } | sed -nE 's|^.*/python3\.([0-9]+)$|\1 &|p' | sort -s -n -k 1,1 | cut -d ' ' -f 2-
}

# others: the CPythons, besides that of build/venv, that can build extensions: one of each minor version, one per line.
others() {
    local candidate minor taken
    taken=" $("$python" -c 'import sys; print(sys.version_info[1])') "
    while read -r candidate; do
        minor=${candidate##*.}
        [[ $minor -ge 11 && $taken != *" $minor "* ]] || continue
        # A pyenv shim may exist but refuse to run; Debian's may lack venv or headers.
        if "$candidate" - "$minor" <<'PYTHON' >/dev/null 2>&1; then
import ensurepip, os, sys, sysconfig, venv
assert sys.implementation.name == "cpython" and sys.version_info[:2] == (3, int(sys.argv[1]))
assert not sysconfig.get_config_var("Py_GIL_DISABLED")
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
PYTHON
            taken+="$minor "
            echo "$candidate"
        fi
    done < <(candidates)
}

on_each() {
    local interpreter name
    use build/venv
    if build python3; then tests; fi
    [[ -x $python ]] || return 0
    local interpreters
    mapfile -t interpreters < <(others)
    for interpreter in "${interpreters[@]}"; do
        name=${interpreter##*python}
        use "build/venv-$name"
        if build "$interpreter"; then tests; fi
    done
}

use build/venv
case ${1:-each} in
build) build python3 || true ;;
test) tests ;;
update)
    if build python3; then
        INTERLOOP_UPDATE=1 "$python" -m pytest -q --timeout 300 python/tests/test_{stubs,examples}.py || status=1
    fi
    ;;
each) on_each ;;
others) others ;;
*)
    echo "usage: tools/python.sh [build|test|update|others]" >&2
    exit 2
    ;;
esac
if ((${#summary[@]})); then printf 'python: %s\n' "${summary[@]}"; fi
exit "$status"
