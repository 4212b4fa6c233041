#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the demonstration on a Redis server of its own: demo.sh <build-dir> [options, see --help]
set -euo pipefail
exec python3 "$(dirname "$0")/demo.py" "$@"
