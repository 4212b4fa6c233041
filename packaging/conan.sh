#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the Conan package of these sources with the system's libraries, and tests it (packaging/conan/test_package): as a
# static library with every part, then as a shared one with two. In a Conan home of its own, build/conan/.
# Usage: packaging/conan.sh. JOBS: as in make.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/tools.sh
export CONAN_HOME=$PWD/build/conan/home
conan=build/packaging-venv/bin/conan
rm -rf build/conan
mkdir -p build/conan
"$conan" profile detect --force >build/conan/log 2>&1
# What git has, in a folder of its own: the recipe copies whole folders.
packaging/source.sh build/conan/source

# create NAME ARG...
create() {
    local start=$SECONDS
    "$conan" create build/conan/source/packaging/conan -s compiler.cppstd=20 -c "tools.build:jobs=${JOBS:-$(nproc)}" "${@:2}" \
        >build/conan/log 2>&1 || { tail -n 40 build/conan/log && echo "conan: $1 failed; see build/conan/log" >&2 && exit 1; }
    echo "conan: $1 in $((SECONDS - start)) s, used by: $(grep -c '^ok$' build/conan/log) programs"
    grep -q '^ok$' build/conan/log
}
create "static, all parts"
loop=$(python3 packaging/parts.py --loops | cut -d' ' -f1)
create "shared, $loop and redis" -o "interloop/*:shared=True" -o "interloop/*:parts=$loop,redis"
