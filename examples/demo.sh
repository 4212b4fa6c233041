#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a demonstration that starts its own server, examples/NAME/demo.py: demo.sh NAME BUILD_FOLDER [options, see --help]
# First builds its Python module, into build/NAME-python, against the package that `make python` has installed into
# build/venv.
set -euo pipefail
usage="usage: demo.sh NAME BUILD_FOLDER [OPTION...], where NAME is redis or wamp"
name=${1:?$usage}
build=$(dirname "${2:?$usage}")
example=$(dirname "$0")/$name
[[ -f $example/demo.py ]] || { echo "$usage" >&2 && exit 2; }

python=$build/venv/bin/python
if [[ -x $python ]] && "$python" -c 'import interloop, nanobind' 2>/dev/null; then
    prefix="$("$python" -m interloop --cmake-dir);$("$python" -m nanobind --cmake_dir)"
    module=$build/$name-python
    if ! { cmake -S "$example/python" -B "$module" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DPython_EXECUTABLE=$(realpath -s "$python")" && cmake --build "$module"; } >"$module.log" 2>&1; then
        echo "demo: the Python module was not built, see $module.log" >&2
        [[ ${CI:-} != true ]] || exit 1
    fi
fi
exec python3 "$example/demo.py" "${@:2}"
