#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows asynchronous code called from ordinary threads, on every loop that was built: blocking_demo.sh BUILD-DIR
set -euo pipefail
build=${1:?usage: blocking_demo.sh BUILD-DIR}

# show TITLE PROGRAM: runs PROGRAM_<loop> for each loop.
show() {
    local program loop found=
    printf '\n== %s\n' "$1"
    for program in "$build/examples/$2/$2"_*; do
        [[ -x $program ]] || continue
        found=yes
        loop=${program##*/"$2"_}
        timeout 60 "$program" | sed "s/^/${loop}: /"
    done
    [[ -n $found ]] || echo "not built (see cmake's output for the library that is missing)"
}

show "Blocking DNS lookups over c-ares, from a server that the program runs itself" dns
show "Downloads in the background of a threaded web server (cpp-httplib): two visitors" downloader
