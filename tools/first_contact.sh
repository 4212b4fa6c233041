#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A new user's first minutes, counted: on a bare Debian, from nothing to a program of one's own that runs, by the commands
# of README.md. Then how long the compiler and that program take, from the first #include to the first output.
# Usage, as root: tools/first_contact.sh SUITE LOOP [MINUTES]. SUITE is a release of Debian, trixie say, LOOP the folder of
# a loop. Makes a tree of that release in build/debian-SUITE-first, anew, with tools/debian.sh; making the tree is not
# counted. Fails if it takes longer than MINUTES (default 5), or the program 5 seconds, or if it does not print what it
# should.
set -euo pipefail
cd "$(dirname "$0")/.."

# processor: the seconds of processor time that the commands so far have taken, which a busy machine does not change.
processor() { awk -v ticks="$(getconf CLK_TCK)" '{ printf "%.1f", ($16 + $17) / ticks }' "/proc/$$/stat"; }

step() {
    local start=$EPOCHREALTIME used
    used=$(processor)
    "${@:2}" >>"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        echo "first_contact: failed: $1" >&2
        exit 1
    }
    awk -v what="$1" -v from="$start" -v to="$EPOCHREALTIME" -v used="$used" -v now="$(processor)" \
        'BEGIN { printf "%7.1f s, of a processor %7.1f s  %s\n", to - from, now - used, what }'
}

install_packages() {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        g++ cmake ninja-build pkg-config "$(awk 'NF && !/^#/ { print $1; exit }' "loops/$loop/packages.txt")"
}

configure() { cmake --preset install; }
build() { cmake --build --preset install -j "$JOBS"; }
install_library() { cmake --install build/install; }

# As by copying two listings of README.md.
write_program() {
    cp examples/guide/retry.hpp "loops/$loop/examples/retry.cpp" "$own/"
}

compile_and_run() {
    # The flags are words.
    # shellcheck disable=SC2046
    (cd "$own" && g++ -std=c++20 retry.cpp -o retry $(pkg-config --cflags --libs "interloop-$loop") && ./retry >output)
}

# beyond FROM LIMIT WHAT: whether that took too long.
beyond() {
    local took
    took=$(awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
    echo "first_contact: $3: $took s of $2"
    awk -v took="$took" -v limit="$2" 'BEGIN { exit !(took > limit) }'
}

inside() {
    local minutes=$2 began=$EPOCHREALTIME late=0
    export CCACHE_DISABLE=1
    loop=$1
    own=$(mktemp -d)
    log=$(mktemp)
    rm -rf build/install
    step "packages: a compiler, CMake, the loop" install_packages
    step "configure" configure
    step "build, $JOBS at a time" build
    step "install" install_library
    step "the program" write_program
    step "compile and run it" compile_and_run
    [[ $(<"$own/output") == "answer 3" ]] || { echo "first_contact: it printed: $(<"$own/output")" >&2; exit 1; }
    if beyond "$began" $((minutes * 60)) "from nothing to a running program"; then late=1; fi
    began=$EPOCHREALTIME
    compile_and_run
    if beyond "$began" 5 "from #include to output"; then late=1; fi
    return "$late"
}

case ${1:-} in
--inside) inside "$2" "$3" ;;
[a-z]*)
    [[ -d loops/${2:-?} ]] || { echo "first_contact: loops/ has no folder '${2:-}'" >&2; exit 2; }
    rm -rf "build/debian-$1-first"
    TREE=first tools/debian.sh "$1" tools/first_contact.sh --inside "$2" "${3:-5}"
    ;;
*)
    echo "usage: tools/first_contact.sh SUITE LOOP [MINUTES]" >&2
    exit 2
    ;;
esac
