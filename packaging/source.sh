#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copies the sources into a new folder: what git tracks or would add or, in a copy without git, everything except build/.
# Usage: packaging/source.sh FOLDER
set -euo pipefail
folder=$(realpath -m "$1")
cd "$(dirname "$0")/.."
rm -rf "$folder"
mkdir -p "$folder"
if git rev-parse --git-dir >/dev/null 2>&1; then
    comm -z -23 <(git ls-files -z -co --exclude-standard | sort -z) <(git ls-files -z --deleted | sort -z) |
        tar -c --null -T - | tar -x --no-same-owner -C "$folder"
else
    tar -c --exclude=./build . | tar -x --no-same-owner -C "$folder"
fi
