#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boost.Asio 1.74 (Debian 12: libboost1.74-dev 1.74.0+ds1-21), g++ 12. Needs Debian 12's package archive and g++-12.
#
# One would expect: a file that includes nothing but <boost/asio.hpp> compiles, in C++17 and in C++20.
# What happens: in C++20 it does not. The header for coroutines, which C++17 leaves out, uses std::exchange and does not
# include its header; g++ 12's other headers do not include that any more. With <utility> before it, it compiles.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libboost1.74-dev=1.74.0+ds1-21 2>/dev/null
dpkg -x ./*.deb .
# compiles STANDARD INCLUDE...
compiles() {
    printf '#include <%s>\n' "${@:2}" >file.cpp
    g++-12 "-std=$1" -isystem usr/include -fsyntax-only file.cpp 2>errors
}
# see WANTED STANDARD INCLUDE...
see() {
    local how=compiles
    compiles "${@:2}" || how="does not compile: $(grep -m 1 -o 'error: .*' errors)"
    echo "$2, ${*:3}: $how"
    [[ $how == "$1"* ]] || { echo "This has changed." >&2 && exit 1; }
}
see compiles c++17 boost/asio.hpp
see 'does not compile' c++20 boost/asio.hpp
see compiles c++20 utility boost/asio.hpp
