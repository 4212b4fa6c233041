#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Writes the port for vcpkg into build/vcpkg/ports. As vcpkg itself is not needed, its functions are replaced
# (packaging/vcpkg/without_vcpkg.cmake): the portfile runs with the system's libraries, for one loop and one client, and
# programs are built with what it installs, in both configurations. Usage: packaging/vcpkg.sh. JOBS: as in make.
set -euo pipefail
cd "$(dirname "$0")/.."
export JOBS=${JOBS:-$(nproc)}
start=$SECONDS
rm -rf build/vcpkg
loop=$(python3 packaging/parts.py --loops | cut -d" " -f1)
packaging/source.sh build/vcpkg/source
python3 build/vcpkg/source/packaging/vcpkg/vcpkg.py build/vcpkg/ports
cmake -DPORT="$PWD/build/vcpkg/ports/interloop" -DPACKAGES="$PWD/build/vcpkg/packages" -DFEATURES="${loop//_/-},redis" \
    -P packaging/vcpkg/without_vcpkg.cmake
for build in Release Debug; do
    cmake -G Ninja -S tests/package/consumer -B "build/vcpkg/consumer-$build" -DCMAKE_BUILD_TYPE=$build -DCOMPONENTS="$loop;redis;every_loop" \
        -DLOOPS="$loop" -DCLIENTS=redis -DSOURCE="$PWD" -DVERSION="$(python3 packaging/parts.py)" \
        -DCMAKE_PREFIX_PATH="$PWD/build/vcpkg/packages" >/dev/null
    cmake --build "build/vcpkg/consumer-$build" -j "$JOBS" >/dev/null
    [[ $("build/vcpkg/consumer-$build/consumer_$loop") == "answer 3" && $("build/vcpkg/consumer-$build/consumer_redis") == ok ]]
    "build/vcpkg/consumer-$build/greeting_manual" && "build/vcpkg/consumer-$build/greeting_$loop"
done
echo "vcpkg: the port's libraries are used by two programs, in two configurations; $((SECONDS - start)) s"
