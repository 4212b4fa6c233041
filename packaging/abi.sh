#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compares the ABI of the shared libraries with that of another commit, by libabigail's abidiff. Programs that were linked
# with that commit's libraries must run with these, unless the soname is new: it has the minor version (SOVERSION), so
# within MAJOR.MINOR an incompatible change is an error.
# Usage: packaging/abi.sh [REF]. REF: a commit; without it, the last tag that is called vMAJOR.MINOR.PATCH. JOBS: as in
# make. PARTS: the parts to compare besides the core, with commas; without it, all whose libraries are here. Results:
# build/abi/.
set -euo pipefail
cd "$(dirname "$0")/.."

stop() {
    echo "abi: $*" >&2
    exit "${status:-1}"
}
command -v abidiff >/dev/null || stop "this needs abidiff: apt-get install abigail-tools"
ref=${1:-$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)}
[[ $ref ]] || status=2 stop "there is no tag v*, so no release to compare with; name a commit instead: make abi REF=HEAD~10"
commit=$(git rev-parse --verify -q "$ref^{commit}") || status=2 stop "there is no commit '$ref'"
options=(-DINTERLOOP_WITH_DEFAULT=AUTO)
if [[ ${PARTS:-} ]]; then
    options=(-DINTERLOOP_WITH_DEFAULT=OFF)
    for part in ${PARTS//,/ }; do options+=("-DINTERLOOP_WITH_${part^^}=ON"); done
fi

# build SOURCE NAME: its shared libraries, with debug information, installed in build/abi/NAME.
build() {
    cmake --no-warn-unused-cli -G Ninja -S "$1" -B "build/abi/$2-build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_SHARED_LIBS=ON -DCMAKE_INSTALL_LIBDIR=lib \
        "-DCMAKE_INSTALL_PREFIX=$PWD/build/abi/$2" -DINTERLOOP_WITH_INSPECT=OFF -DINTERLOOP_WITH_EVERY_LOOP=OFF "${options[@]}" \
        -DINTERLOOP_BUILD_TESTS=OFF -DINTERLOOP_BUILD_BENCH=OFF -DINTERLOOP_BUILD_EXAMPLES=OFF >"build/abi/$2.log"
    cmake --build "build/abi/$2-build" --target install -j "${JOBS:-$(nproc)}" >>"build/abi/$2.log" ||
        { tail -n 20 "build/abi/$2.log" && stop "$2 could not be built"; }
}

# All anew: what another commit has left there has later times than this one's files, so it would not be compiled again.
rm -rf build/abi
mkdir -p build/abi/old-source
git archive "$commit" | tar -x -C build/abi/old-source
build build/abi/old-source old
build . new

soname() { readelf -d "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'; }

failed=0
for old in build/abi/old/lib/libinterloop*.so; do
    new=build/abi/new/lib/${old##*/}
    name=${old##*/}
    if [[ ! -e $new ]]; then
        echo "abi: $name is gone"
        failed=1
        continue
    fi
    # Inline functions and templates that a program uses are in the program, too.
    printf '[suppress_function]\n  change_kind = deleted-function\n  symbol_name_regexp = ^(%s)$\n' \
        "$(nm -D --defined-only "$old" | awk '$2 == "W" { sub("@.*", "", $3); print $3 }' | paste -sd '|')" >build/abi/weak.suppr
    # Without what is added, any change counts. abidiff's own bit for incompatible ones leaves out most changes of types.
    result=0
    abidiff --leaf-changes-only --no-added-syms --headers-dir1 build/abi/old/include --headers-dir2 build/abi/new/include \
        --suppressions packaging/abi.suppr --suppressions build/abi/weak.suppr "$old" "$new" >"build/abi/$name.txt" || result=$?
    ((result & 3)) && stop "abidiff could not compare $name: $(head -n 3 "build/abi/$name.txt")"
    if [[ $(soname "$old") != "$(soname "$new")" ]]; then
        echo "abi: $name has a new soname, $(soname "$new"); it may change"
    elif ((result)); then
        echo "abi: $name has changed INCOMPATIBLY within $(soname "$new"); see build/abi/$name.txt:"
        grep -E "^ +\[[CD]\] |^'.*changed:$" "build/abi/$name.txt" | sed "s/    {.*//; s/^ */  /"
        failed=1
    elif [[ -s build/abi/$name.txt ]]; then
        echo "abi: $name has more than before, and all that it had"
    else
        echo "abi: $name is the same"
    fi
done
((failed == 0)) || stop "$ref and this differ. Raise the minor version in core/base/include/interloop/version.hpp, or keep the old names and types."
