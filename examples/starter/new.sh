#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a library of your own from the files beside this script, in the folder NAME: new.sh NAME
# `python -m interloop new NAME` does the same.
set -eu

fail() {
    echo "new.sh: $1" >&2
    exit 2
}

[ $# -eq 1 ] || fail "usage: new.sh NAME"
name=$1
case $name in
[!a-z]* | *[!a-z0-9_]* | '') fail "'$name' cannot be a library's name: use a-z, 0-9 and _, with a letter first" ;;
interloop | std) fail "'$name' is the name of another library" ;;
esac
[ ! -e "$name" ] || fail "'$name' exists already; it is left as it is"
upper=$(printf %s "$name" | tr a-z A-Z)
template=$(cd "$(dirname "$0")" && pwd)
made=$PWD/$name

cd "$template"
find . -type f ! -name new.sh ! -path '*/__pycache__/*' | while IFS= read -r file; do
    to=$made/$(printf %s "$file" | sed "s/starter/$name/g; s/\.in\$//") # .in: not a module of interloop's package
    mkdir -p "$(dirname "$to")"
    sed "s/starter/$name/g; s/STARTER/$upper/g" "$file" >"$to"
done
echo "Made $name. Next: cd $name && cmake -B build && cmake --build build && ctest --test-dir build"
