#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All checks that need no compiler. Each runs even if an earlier one has failed.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
for check in layers files docs picture; do
    python3 "tools/check_$check.py" || status=1
done
python3 bench/figures.py --check || status=1

mapfile -t sources < <(git ls-files -co --exclude-standard '*.hpp' '*.cpp')
if ! command -v clang-format-19 >/dev/null; then
    echo "check: form not checked, clang-format-19 is not installed" >&2
    [[ ${CI:-} != true ]] || status=1
elif ((${#sources[@]})) && output=$(clang-format-19 --dry-run --Werror "${sources[@]}" 2>&1); then
    echo "clang-format: no difference"
elif ((${#sources[@]})); then
    cut -d: -f1,2 <<<"$(grep -E '^[^ ]+:[0-9]+:' <<<"$output")" | sort -u -t: -k1,1
    echo "clang-format: 'make format' settles the form of these."
    status=1
fi
exit "$status"
