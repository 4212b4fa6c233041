#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and tests on another Debian release: preset `dev` with that release's g++, and the Python package. Everything
# is in a tree of its own, build/debian-SUITE, which is kept, with a ccache: the next run reuses what has not changed, and
# the packages as they are. Ends with what was left out, and a row for the table in docs/platforms.md.
# Usage: tools/debian.sh SUITE [COMMAND...], where SUITE is trixie or sid, say; as root, because it uses chroot. Needs
# debootstrap. With a COMMAND, that runs in the tree, in its copy of the project, instead of the tests. TREE=NAME gives
# it a tree of its own, build/debian-SUITE-NAME, and DEBS=FOLDER makes a folder of packages available there as /debs.
# The mirror is DEBIAN_MIRROR, or otherwise that of the machine's apt; apt and pip use the machine's settings. JOBS: as
# in make.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "debian: $*"; }
stop() {
    echo "debian: $*" >&2
    exit 1
}

# The mirror from which the machine's own apt gets Debian.
machine_mirror() {
    apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p' | head -n 1
}

make_tree() {
    [[ ! -f $tree/made ]] || return 0
    local mirror=${DEBIAN_MIRROR:-$(machine_mirror)}
    [[ $mirror ]] || stop "apt names no mirror of Debian (apt-get update?). Set DEBIAN_MIRROR to one."
    say "a tree of $suite in $tree"
    rm -rf "$tree"
    mkdir -p "$tree"
    debootstrap --variant=minbase "$suite" "$tree" "$mirror" ||
        stop "debootstrap could not get $suite from the mirror; its words are above, and in $tree/debootstrap/debootstrap.log"
    touch "$tree/made"
}

# borrow PATH [PLACE]: makes the machine's PATH available in the tree, at PLACE, while this runs.
borrow() {
    local place=$tree${2:-$1}
    [[ -e $1 ]] || return 0
    if [[ -d $1 ]]; then mkdir -p "$place"; else mkdir -p "${place%/*}" && touch "$place"; fi
    mount --rbind "$1" "$place"
}

borrow_from_machine() {
    borrow /dev
    mount -t proc proc "$tree/proc"
    borrow "${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}" /machine/certificates
    borrow /etc/pip.conf
    borrow "${XDG_CONFIG_HOME:-$HOME/.config}/pip" /machine/.config/pip
    [[ ! ${PIP_CONFIG_FILE:-} ]] || borrow "$PIP_CONFIG_FILE"
    [[ ! -d ${PIP_FIND_LINKS:-} ]] || borrow "$PIP_FIND_LINKS"
    [[ ! ${DEBS:-} ]] || borrow "$(realpath "$DEBS")" /debs
    cp -L /etc/resolv.conf "$tree/etc/"
    {
        apt-config dump Acquire | grep -Ev '::IndexTargets| "";$'
        echo 'Acquire::https::CAInfo "/machine/certificates";'
    } >"$tree/etc/apt/apt.conf.d/machine"
}

# The files that git tracks or would add. Unchanged files keep their times, so nothing is rebuilt for them.
copy_checkout() {
    local copy=$tree/interloop
    mkdir -p "$copy"
    comm -23 <(git ls-files -co --exclude-standard | sort) <(git ls-files --deleted | sort) >"$tree/files.new"
    [[ ! -f $tree/files ]] || comm -23 "$tree/files" "$tree/files.new" | (cd "$copy" && xargs -r -d '\n' rm -f)
    mv "$tree/files.new" "$tree/files"
    tar -c -T "$tree/files" | tar -x --no-same-owner -C "$copy"
}

# In its own namespaces, so that mounts and processes in the tree end with this script.
outside() {
    mkdir -p build
    exec 9>"$tree.lock"
    flock -n 9 || stop "another run is using $tree"
    make_tree
    copy_checkout
    borrow_from_machine
    local certificates=/machine/certificates name environment
    environment=(HOME=/machine PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 CCACHE_DIR=/ccache "JOBS=${JOBS:-$(nproc)}")
    while read -r name; do environment+=("$name=${!name}"); done < <(compgen -e | grep -Ei '^pip_|_proxy$')
    for name in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS; do environment+=("$name=$certificates"); done
    exec chroot "$tree" env -i "${environment[@]}" /interloop/tools/debian.sh --inside "$suite" "$@"
}

# version PACKAGE: the upstream version of the installed package.
version() {
    { dpkg-query -W -f='${Version}' "$1" 2>/dev/null || echo none; } | sed -E 's/^[0-9]+://; s/[-+~].*//'
}

# Further CPythons of the suite, which tools/python.sh then finds.
other_pythons() {
    local python
    for python in $(apt-cache pkgnames python3. | sed -nE 's/^(python3\.[0-9]+)-venv$/\1/p' | sort -V); do
        dpkg-query -W "$python-dev" "$python-venv" >/dev/null 2>&1 && continue
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$python-dev" "$python-venv" && continue
        printf 'setup: %s\n' "left out: $python" "because:  apt-get could not install it; its words are above"
    done
}

# results PATTERN: what the lines of the Python tests' results give for PATTERN, on one line.
results() {
    sed -nE "s/^python: CPython ([^ :]+): (.* (passed|failed).*) in [0-9.]+s.*/$1/p" build/python.log | paste -sd ';' | sed 's/;/; /g'
}

inside() {
    local passed=0
    mkdir -p build
    say "packages of $suite"
    # Tools for formatting and measuring are not needed here, nor is a second compiler.
    tools/setup.sh debian 'clang|valgrind|# bench/' 2>&1 | tee build/setup.log
    other_pythons 2>&1 | tee -a build/setup.log
    say "the preset dev"
    cmake --fresh --preset dev 2>&1 | tee -a build/setup.log
    cmake --build --preset dev -j "$JOBS" -- -k 0 # report all failures at once
    say "the tests"
    ctest --preset dev -j "$JOBS" 2>&1 | tee build/ctest.log || passed=1
    say "the Python package and its tests"
    PYTEST_ADDOPTS=-rs tools/python.sh 2>&1 | tee build/python.log || passed=1
    local cpp python released
    cpp=$(awk '/\*\*\*Skipped/ { ++skipped }
        match($0, /[0-9]+ tests? failed out of [0-9]+/) {
            split(substr($0, RSTART, RLENGTH), word)
            printf "%d passed, %d skipped, %d failed", word[6] - word[1] - skipped, skipped, word[1]
        }' build/ctest.log)
    python=$(results '\2')
    # When the suite was as it is here.
    released=$(date -ud "$(sed -n 's/^Date: //p' /var/lib/apt/lists/*_dists_"$suite"_InRelease | head -n 1)" +%F)
    grep -hE '^(setup|python): (left out|because)|^-- interloop: .* off \(' build/setup.log build/python.log || true
    say "a row for docs/platforms.md (the loops in the order of their folders):"
    local list versions=
    for list in loops/*/packages.txt; do versions+="$(version "$(awk 'NF && !/^#/ { print $1; exit }' "$list")") | "; done
    echo "| $suite of $released | g++ $(g++ -dumpfullversion) | $versions$(results '\1') |" \
        "C++: ${cpp:-none}. Python: ${python:-none} |"
    return "$passed"
}

case ${1:-} in
--inside)
    suite=$2
    if (($# > 2)); then exec "${@:3}"; fi
    inside
    ;;
--outside)
    suite=$2
    tree=$PWD/build/debian-$suite${TREE:+-$TREE}
    outside "${@:3}"
    ;;
[a-z]*)
    [[ $(id -u) == 0 ]] || stop "this needs root, for chroot: sudo tools/debian.sh $1"
    command -v debootstrap >/dev/null || stop "this needs debootstrap: apt-get install debootstrap"
    # unshare ignores SIGTERM, and what is in the tree ends with it.
    unshare --mount --pid --fork --kill-child --mount-proc tools/debian.sh --outside "$@" &
    trap 'kill -KILL $! 2>/dev/null || true' EXIT
    trap 'exit 1' HUP INT TERM
    wait $!
    ;;
*)
    echo "usage: tools/debian.sh SUITE (trixie, sid...) [COMMAND...]" >&2
    exit 2
    ;;
esac
