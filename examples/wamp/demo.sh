#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the demonstration with a WAMP router of its own: demo.sh <build-dir> [options, see --help]
set -euo pipefail
here=$(dirname "$0")
build=$(dirname "${1:?usage: demo.sh BUILD_FOLDER}")

# The Python module, against the package that `make python` has installed into build/venv.
python=$build/venv/bin/python
if [[ -x $python ]] && "$python" -c 'import interloop, nanobind' 2>/dev/null; then
    prefix="$("$python" -m interloop --cmake-dir);$("$python" -m nanobind --cmake_dir)"
    if ! { cmake -S "$here/python" -B "$build/wamp-python" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DPython_EXECUTABLE=$(realpath -s "$python")" && cmake --build "$build/wamp-python"; } >"$build/wamp-python.log" 2>&1; then
        echo "demo: the Python module was not built, see $build/wamp-python.log" >&2
        [[ ${CI:-} != true ]] || exit 1
    fi
fi
exec python3 "$here/demo.py" "$@"
