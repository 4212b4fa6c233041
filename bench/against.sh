#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the benchmarks of another commit, and compares this build with them.
# Usage: against.sh REF [OPTION...], the options being run.py's (make bench-against REF=main~1). JOBS: as in make. The
# commit is checked out in build/against/COMMIT, and stays there for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $# -ge 1 ]] || { sed -n '4,5s/^# //p' "$0" >&2; exit 2; }
commit=$(git rev-parse --verify --short=12 "$1^{commit}")
place=$PWD/build/against/$commit
if [[ ! -d $place ]]; then
    mkdir -p "$place"
    git archive "$commit" | tar -x -C "$place"
fi
(
    cd "$place"
    cmake --preset release -DINTERLOOP_BUILD_EXAMPLES=OFF -DINTERLOOP_INSTALL=OFF >/dev/null
    cmake --build build/release -j"${JOBS:-$(nproc)}"
)
bench/run.py --against "$place/build/release" "${@:2}" build/release
