#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs a consumer of interloop outside the tree, in one of the ways a user has. CMakeLists.txt beside this
# file runs it, and sets CXX, CMAKE, PREFIX (where interloop is installed), LIBDIR, SOURCE (the project's folder) and
# LOOPS (the components that were built, with commas).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$here"/consumer "$here"/consumer_subdirectory "$work"
cd "$work"

# configure CONSUMER ARG...
configure() { "$CMAKE" -G Ninja -S "$1" -B build "${@:2}"; }

build_and_run() {
    "$CMAKE" --build build
    test "$(build/consumer)" = ok
}

case $1 in
find_package)
    configure consumer "-DCMAKE_PREFIX_PATH=$PREFIX" "-DLOOPS=${LOOPS//,/;}"
    build_and_run
    ;;
subdirectory) # as shared libraries, which nothing else here builds
    configure consumer_subdirectory "-DINTERLOOP_SOURCE=$SOURCE" -DBUILD_SHARED_LIBS=ON
    build_and_run
    ;;
pkg_config)
    export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
    read -ra flags <<<"$(pkg-config --cflags --libs interloop-libuv)"
    "$CXX" -std=c++20 consumer/main.cpp "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer/main
    test "$(consumer/main)" = ok
    ;;
missing_component)
    if output=$(configure consumer "-DCMAKE_PREFIX_PATH=$PREFIX" -DLOOPS=nosuchloop 2>&1); then
        echo "A component that does not exist was found." >&2
        exit 1
    fi
    # CMake wraps the message, so the words are compared with the line ends taken out.
    grep -q "component 'nosuchloop' is not part of this installation, which was built with: .*libuv" \
        <<<"$(tr -s ' \n' ' ' <<<"$output")" || { echo "$output" && exit 1; }
    ;;
*)
    echo "usage: consume.sh find_package | subdirectory | pkg_config | missing_component" >&2
    exit 2
    ;;
esac
