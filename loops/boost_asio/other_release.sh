#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the adapter's tests and the conformance suite with another release of Boost, and runs them. The release is a
# Debian package, which is unpacked into build/boost/PACKAGE: installed, it would replace the one that is there.
# Usage: other_release.sh PACKAGE [SUITE], SUITE being another Debian suite that has the package, such as sid. The mirror
# is DEBIAN_MIRROR, or otherwise that of the machine's apt. JOBS: as in make.
set -euo pipefail
cd "$(dirname "$0")/../.."
[[ $# -ge 1 && $# -le 2 ]] || { sed -n '3,6s/^# //p' "$0" >&2; exit 2; }
package=$1
suite=${2:-}
place=$PWD/build/boost/$package

# Lists of its own, so that the machine's apt does not get to know the suite.
apt_options=()
use_suite() {
    local mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian //p' | head -n 1)}
    mkdir -p "$place/apt/lists/partial" "$place/apt/cache/archives/partial"
    : >"$place/apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$place/apt/sources.list"
    apt_options=(-o "Dir::State::Lists=$place/apt/lists" -o "Dir::State::status=$place/apt/status"
        -o "Dir::Cache=$place/apt/cache" -o "Dir::Etc::SourceList=$place/apt/sources.list"
        -o Dir::Etc::SourceParts=/dev/null)
    apt-get "${apt_options[@]}" -qq update
}

if [[ ! -d $place/tree ]]; then
    mkdir -p "$place"
    [[ ! $suite ]] || use_suite
    (cd "$place" && apt-get "${apt_options[@]}" -o APT::Sandbox::User=root -qq download "$package")
    dpkg -x "$place/$package"_*.deb "$place/unpacked"
    rm -rf "$place/apt" "$place"/*.deb
    mv "$place/unpacked" "$place/tree"
fi

folders="conformance/tests;loops/boost_asio/tests"
cmake --preset dev -B "$place/dev" -DINTERLOOP_WITH_DEFAULT=OFF -DINTERLOOP_WITH_BOOST_ASIO=ON \
    -DINTERLOOP_BUILD_EXAMPLES=OFF -DINTERLOOP_INSTALL=OFF "-DINTERLOOP_TEST_FOLDERS=$folders" \
    "-DCMAKE_PREFIX_PATH=$place/tree/usr" >"$place/configure.log"
grep -q "^Boost_DIR:PATH=$place/tree/" "$place/dev/CMakeCache.txt" || { echo "CMake found another Boost" >&2; exit 1; }
mapfile -t sources < <(ls loops/boost_asio/tests/*_test.cpp)
tests=(every_loop_test)
for source in "${sources[@]}"; do tests+=("$(basename "$source" .cpp)"); done
cmake --build "$place/dev" -j"${JOBS:-$(nproc)}" --target "${tests[@]}"
for test in "${tests[@]}"; do
    program=$(find "$place/dev/tests" -type f -name "$test")
    "$program" --gtest_brief=1
done
