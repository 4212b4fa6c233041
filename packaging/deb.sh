#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the Debian packages, source and binary, for the Debian on which it runs, into build/deb/; lintian looks at them if it
# is installed. Without Debian's nanobind (Debian 12) the Python packages are left out.
# Usage: packaging/deb.sh [install]. install: first installs what the build needs, by apt-get, as root. JOBS: as in make.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "deb: $*"; }
stop() {
    echo "deb: $*" >&2
    exit 1
}

[[ ${1:-} =~ ^(install)?$ ]] || stop "usage: packaging/deb.sh [install]"
command -v dpkg-buildpackage >/dev/null || [[ ${1:-} == install ]] ||
    stop "this needs dpkg-dev and debhelper: apt-get install dpkg-dev debhelper"

if [[ ${1:-} == install ]]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends dpkg-dev debhelper xz-utils python3 lintian ccache >/dev/null
fi

version=$(python3 packaging/parts.py)
source=build/deb/interloop-$version
rm -rf build/deb
packaging/source.sh "$source"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(stat -c %Y CHANGELOG.md)}

tar -c --sort=name --owner=0 --group=0 --mtime="@$SOURCE_DATE_EPOCH" -C build/deb "interloop-$version" |
    xz -1 >"build/deb/interloop_$version.orig.tar.xz"

python=()
if ! apt-cache show python3-nanobind >/dev/null 2>&1; then
    say "left out: python3-interloop and libinterloop-python"
    say "because:  this Debian has no python3-nanobind (apt-get update?)"
    python=(--without-python)
fi
python3 packaging/debian/debian.py "$source" "${python[@]}" >build/deb/packages.txt

if [[ ${1:-} == install ]]; then
    start=$SECONDS
    apt-get build-dep -y -qq --no-install-recommends "./$source" >/dev/null
    say "what the build needs, installed in $((SECONDS - start)) s"
fi

# debhelper gives compilers another HOME, which the next build removes.
if command -v ccache >/dev/null; then CCACHE_DIR=$(ccache -k cache_dir) && export CCACHE_DIR; fi
cd "$source"
start=$SECONDS
DEB_BUILD_OPTIONS="parallel=${JOBS:-$(nproc)} ${DEB_BUILD_OPTIONS:-}" \
    dpkg-buildpackage -us -uc >../build.log 2>&1 || { tail -n 40 ../build.log && stop "the build failed; see build/deb/build.log"; }
cd ..
say "$(grep -c . packages.txt) packages in $((SECONDS - start)) s"
while read -r package; do
    compgen -G "${package}_${version}-1_*.deb" >/dev/null || stop "$package was not built"
done <packages.txt
if command -v lintian >/dev/null; then
    # Nothing of these is Debian's: no bug is closed, and the changelog is for whom the packages are built.
    lintian --allow-root --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog ./*.changes | tee lintian.log
    if grep -qE '^E:' lintian.log; then stop "lintian found errors"; fi
    say "lintian: $(grep -c '^W:' lintian.log || true) warnings"
fi
ls -l ./*.deb | awk '{ print $5, $9 }' | grep -v dbgsym
