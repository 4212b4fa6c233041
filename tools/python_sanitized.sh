#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the Python package built with sanitizers, on the unchanged interpreter.
# Usage: tools/python_sanitized.sh asan|tsan
# Needs build/venv as tools/python.sh makes it; without it, says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/build/venv/bin/python

case ${1:-} in
asan)
    sanitizers=address,undefined
    flags="-O0 -g1" # optimised, the two together take three times as long to compile
    runtimes=(libasan.so libubsan.so)
    # The interpreter does not free everything when it ends, so tests/test_leaks.py looks for leaks instead.
    export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
    export PYTHONMALLOC=malloc # each object is a separate block
    ;;
tsan)
    sanitizers=thread
    flags="-O1 -g1"
    runtimes=(libtsan.so)
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tools/python_tsan.supp
    ;;
*)
    echo "usage: tools/python_sanitized.sh asan|tsan" >&2
    exit 2
    ;;
esac

if ! "$python" -c 'import scikit_build_core, nanobind, pytest' 2>/dev/null; then
    echo "python ($1): left out: build/venv does not exist; run make python" >&2
    [[ ${CI:-} != true ]] || exit 1
    exit 0
fi

site=$PWD/build/python-$1/site
rm -rf "$site"
CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-$(nproc)} "$python" -m pip install -q --no-build-isolation --no-deps --target "$site" \
    -C build-dir="build/python-$1/{wheel_tag}" -C cmake.build-type=RelWithDebInfo -C install.strip=false \
    -C cmake.define.CMAKE_CXX_FLAGS_RELWITHDEBINFO="$flags" -C cmake.define.INTERLOOP_SANITIZE="$sanitizers" -C cmake.define.INTERLOOP_CHECKED=ON .

preload=()
for each in "${runtimes[@]}" libstdc++.so.6; do preload+=("$(g++ -print-file-name="$each")"); done
export PYTHONPATH=$site LD_PRELOAD="${preload[*]}"
"$python" -c 'import interloop._core as core; assert "site-packages" not in core.__file__, core.__file__'
only_others=(-k "not greenlets") # gevent copies stacks, which the sanitizers mistake for an overflow
# The sanitizer has its own thread, which wakes up.
[[ $1 == asan ]] || only_others+=(--deselect python/tests/test_crochet.py::test_an_idle_process_is_not_woken)
shift
if (($# == 0)); then # tests that run compiled code
    set -- python/tests/test_{asyncio_queue,batched_timer,comparison,cpp_loops,crochet,daemon_threads}.py \
        python/tests/test_{failures,futures,leaks,logging,selection,twisted_chain}.py
fi
exec "$python" -m pytest -q --timeout 300 -n "${JOBS:-$(nproc)}" --dist worksteal -p no:cacheprovider "${only_others[@]}" "$@"
