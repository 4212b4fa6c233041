#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copies the project, with examples/adapter_poll as its only loop; builds it, and runs the conformance suite on that and
# the test of the error that names the loops. Usage: copy.sh PROJECT FOLDER
set -euo pipefail

rm -rf "$2"
mkdir -p "$2/loops"
cd "$1"
cp -R CMakeLists.txt CMakePresets.json cmake core conformance every_loop tools tests "$2"
cp -R examples/adapter_poll "$2/loops/poll"
cd "$2"

# Compiled as the tests are, so that ccache has the rest of it.
"$CMAKE" -G Ninja -S . -B build/dev -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=$CXXFLAGS" \
    -DINTERLOOP_CHECKED=ON -DINTERLOOP_WARNINGS_AS_ERRORS=ON -DINTERLOOP_WITH_DEFAULT=ON -DINTERLOOP_WITH_THROW_TRACES=OFF \
    -DINTERLOOP_BUILD_BENCH=OFF -DINTERLOOP_BUILD_EXAMPLES=OFF -DINTERLOOP_INSTALL=OFF \
    "-DINTERLOOP_TEST_FOLDERS=conformance/tests;core/api/tests"
"$CMAKE" --build build/dev --target every_loop_test config_test
build/dev/tests/core/api/tests/config_test
build/dev/tests/conformance/tests/every_loop_test --gtest_filter='poll.*' | tee suite.txt
grep -qE '\[  PASSED  \] [0-9]{2,} tests' suite.txt # not none
cd ..
rm -rf "$2"
