#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the source distribution and, from that alone, a wheel for each CPython that is installed (tools/python.sh says
# which), repaired by auditwheel, into build/wheels/. Uses each in a clean virtual environment, and the first also to build
# a binding. Shows what cibuildwheel would build elsewhere.
# Usage: packaging/wheel.sh. JOBS: as in make. Needs pip's package index.
set -euo pipefail
cd "$(dirname "$0")/.."
export CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-$(nproc)} PIP_DISABLE_PIP_VERSION_CHECK=1

say() { echo "wheel: $*"; }
stop() {
    echo "wheel: $*" >&2
    exit 1
}
packaging/tools.sh
bin=$PWD/build/packaging-venv/bin
version=$(python3 packaging/parts.py)
wheels=$PWD/build/wheels
rm -rf "$wheels"
mkdir -p "$wheels/raw"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

start=$SECONDS
packaging/source.sh "$work/source"
"$bin/python" -m build --sdist --outdir "$wheels" "$work/source" >"$wheels/build.log" 2>&1 || { tail -n 20 "$wheels/build.log" && exit 1; }
sdist=$wheels/interloop-$version.tar.gz
[[ -f $sdist ]] || stop "the source distribution is not called interloop-$version.tar.gz: $(ls "$wheels")"
# Complete: all that git has.
diff <(cd "$work/source" && find . -type f ! -name .gitignore | sort) \
    <(tar -tf "$sdist" | sed "s|^interloop-$version|.|" | grep -v '/$' | grep -vE '^\./(PKG-INFO|\.gitignore)$' | sort) ||
    stop "the source distribution has other files than the project"
rm -rf "$work/source"
say "${sdist##*/} in $((SECONDS - start)) s, $(tar -tf "$sdist" | wc -l) files"

# use INTERPRETER WHEEL: as its users do, in a clean place.
use() {
    "$1" -m venv "$work/clean"
    "$work/clean/bin/python" -m pip install -q --no-index "$2"
    (cd "$work" && clean/bin/python "$OLDPWD/packaging/tests/use_wheel.py" "$version")
}

# bind: builds the binding of the examples with the wheel's headers, and looks into a process that runs it.
bind() {
    local python=$work/clean/bin/python
    "$python" -m pip install -q scikit-build-core nanobind ninja
    "$python" -m pip install -q --no-build-isolation examples/python/binding
    (cd "$work" && [[ $(clean/bin/python "$OLDPWD/examples/python/binding/main.py") == "the value of a key" ]])
    coproc "$python" packaging/tests/pending_binding.py
    local line tree
    read -r line <&"${COPROC[0]}"
    tree=$("$python" -m interloop ps --tree "$COPROC_PID")
    kill "$COPROC_PID"
    wait "$COPROC_PID" || true
    [[ $line == ready ]] && grep -q 'coroutine get (.*client.cpp:' <<<"$tree" || stop "python -m interloop ps shows: $tree"
}

mapfile -t interpreters < <(command -v python3; tools/python.sh others)
bound=()
for interpreter in "${interpreters[@]}"; do
    start=$SECONDS
    name=$("$interpreter" -c 'import platform; print("CPython", platform.python_version())')
    "$interpreter" -m venv "$work/build"
    "$work/build/bin/python" -m pip wheel -q --no-deps -w "$wheels/raw" "$sdist" >>"$wheels/build.log" 2>&1 ||
        { tail -n 20 "$wheels/build.log" && stop "$name: the build failed"; }
    tag=$("$interpreter" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
    raw=$(echo "$wheels/raw/interloop-$version-$tag-"*.whl)
    PATH=$bin:$PATH "$bin/auditwheel" repair -w "$wheels" "$raw" >>"$wheels/build.log" 2>&1 || { tail -n 20 "$wheels/build.log" && exit 1; }
    wheel=$(echo "$wheels/interloop-$version-$tag-"*manylinux*.whl)
    [[ -f $wheel ]] || stop "auditwheel made no manylinux wheel of $raw"
    built=$((SECONDS - start))
    use "$interpreter" "$wheel"
    say "$name: ${wheel##*/}, $(stat -c %s "$wheel") bytes, built in $built s, used"
    if ((${#bound[@]} == 0)); then
        bind
        bound=("$name")
        say "$name: a binding is built with the wheel's headers, and interloop ps shows its coroutine"
    fi
    rm -rf "$work/clean" "$work/build"
done
say "cibuildwheel, elsewhere: $("$bin/cibuildwheel" --print-build-identifiers --platform linux --archs x86_64,aarch64 . | paste -sd ' ')"
