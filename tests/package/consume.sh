#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs a consumer of interloop outside the tree, in one of the ways that users have. The CMakeLists.txt
# beside this file runs it, and sets CXX, CMAKE, BUILD, PREFIX (where interloop is installed), LIBDIR, SOURCE (the project's
# folder), VERSION (MAJOR.MINOR), COMPONENTS, LOOPS and CLIENTS (those that were built, with commas; COMPONENTS includes the
# others).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d -p "$PWD") # below the project, so that ccache finds what another checkout has compiled
trap 'rm -rf "$work"' EXIT
cp -R "$here"/consumer* "$work"
cd "$work"

# configure CONSUMER ARG...
configure() { "$CMAKE" -G Ninja -S "$1" -B build "${@:2}"; }

build_and_run() {
    "$CMAKE" --build build
    says_ok build/consumer
}

# test_these NAME.LOOP...: builds those of the programs on every loop, and has ctest run them.
test_these() {
    "$CMAKE" --build build --target "${@//./_}"
    local names
    names=$(IFS='|' && echo "$*")
    (cd build && ctest --output-on-failure --no-tests=error -R "^(${names//./\\.})\$" | tee ctest.txt)
    grep -q "tests passed, 0 tests failed out of $#\$" build/ctest.txt
}

# says_ok PROGRAM ARG...
says_ok() {
    local output
    output=$("$@")
    test "$output" = ok || { echo "$output" && exit 1; }
}

# says REGEX COMMAND...: the command fails, and its output matches.
says() {
    local output
    if output=$("${@:2}" 2>&1); then
        echo "this should have failed: ${*:2}" >&2
        exit 1
    fi
    grep -qE "$1" <<<"$output" || { echo "$output" && exit 1; }
}

# A libdw.a may lack functions that it calls: that of elfutils 0.192, in Debian 13, does.
static_libdw_is_whole() {
    local flags
    read -ra flags <<<"$(pkg-config --static --libs libdw)"
    printf '#include <elfutils/libdwfl.h>\nint main() { return !dwfl_module_getsrc(dwfl_addrmodule(dwfl_begin(nullptr), 0), 0); }\n' \
        >libdw.cpp
    "$CXX" -static libdw.cpp -o libdw "${flags[@]}" 2>/dev/null && return
    echo "left out: programs that are fully static, as libdw.a cannot be linked here"
    return 1
}

case $1 in
find_package)
    configure consumer "-DCMAKE_PREFIX_PATH=$PREFIX" "-DCOMPONENTS=${COMPONENTS//,/;}" "-DVERSION=$VERSION" \
        "-DLOOPS=${LOOPS//,/;}" "-DCLIENTS=${CLIENTS//,/;}" "-DSOURCE=$SOURCE"
    "$CMAKE" --build build
    for loop in ${LOOPS//,/ }; do test "$("build/consumer_$loop")" = "answer 3"; done
    for client in ${CLIENTS//,/ }; do says_ok "build/consumer_$client"; done
    configure consumer -DCMAKE_FIND_PACKAGE_PREFER_CONFIG=ON # as Conan's toolchain says
    ;;
every_loop) # the documented tests: GoogleTest's on every loop, the others on two
    configure "$SOURCE/examples/testing" "-DCMAKE_PREFIX_PATH=$PREFIX"
    run=(careless.manual)
    for loop in manual ${LOOPS//,/ }; do run+=("greeting.$loop"); done
    for loop in manual "${LOOPS%%,*}"; do
        run+=("greeting_plain.$loop")
        for framework in catch2 doctest; do
            if [[ -d build/CMakeFiles/greeting_$framework.dir ]]; then
                run+=("greeting_$framework.$loop")
            elif [[ ${CI:-} == true ]]; then
                echo "$framework is not installed" >&2
                exit 1
            fi
        done
    done
    test_these "${run[@]}"
    ;;
starter) # a library made by the script, whose tests run on two loops; without Python, which has its own test of it
    first=${LOOPS%%,*}
    "$PREFIX/share/interloop/starter/new.sh" line_counter
    configure line_counter "-DCMAKE_PREFIX_PATH=$PREFIX" "-DCMAKE_INSTALL_PREFIX=$work/installed"
    test_these line_counter_tests.manual "line_counter_tests.$first"
    for folder in build/examples/CMakeFiles/on_*.dir; do # a program for each of two loops, where they are installed
        [[ -d $folder ]] || continue
        program=$(basename "$folder" .dir)
        "$CMAKE" --build build --target "$program"
        test "$(printf 'one\ntwo\n' | "build/examples/$program")" = "2 lines"
    done
    ;;
components) # each file is in one of Debian's packages, and those of a loop are in the loop's
    first=${LOOPS%%,*}
    python3 -B - "$SOURCE" >listed <<'PYTHON'
import sys
from pathlib import Path

root = Path(sys.argv[1])
sys.path.insert(0, str(root / "packaging/debian"))
import debian

print(*(component for _, component in debian.components(root, python=True)), sep="\n")
PYTHON
    find "$BUILD" -name cmake_install.cmake -exec grep -hoP 'CMAKE_INSTALL_COMPONENT STREQUAL "\K[^"]+' {} + | sort -u >made
    grep -qx "${first}_dev" made
    not_listed=$(grep -vxFf listed made || true)
    [[ -z $not_listed ]] || { echo "packaging/debian lists no package with $not_listed" && exit 1; }
    # has COMPONENT FILE...
    has() {
        DESTDIR=$PWD/$1 "$CMAKE" --install "$BUILD" --prefix / --component "$1" >/dev/null
        local file
        for file in "${@:2}"; do test -e "$1/$file" || { echo "$1 has no $file" && exit 1; }; done
    }
    cmake_files=$LIBDIR/cmake/interloop
    has "${first}_dev" "$LIBDIR/libinterloop-every-loop-${first//_/-}.a" "$cmake_files/interloop-every_loop_$first-targets.cmake"
    has conformance_dev "$LIBDIR/libinterloop-every-loop.a" "$LIBDIR/libinterloop-every-loop-manual.a" \
        include/interloop/testing/every_loop.hpp "$cmake_files"/{InterloopEveryLoopTest,interloop-every_loop}.cmake
    has tools share/interloop/starter/new.sh
    test ! -e "conformance_dev/$cmake_files/interloop-every_loop_$first-targets.cmake"
    ;;
subdirectory) # as shared libraries, which no other case builds
    configure consumer_subdirectory "-DINTERLOOP_SOURCE=$SOURCE" "-DLOOP=${LOOPS%%,*}" -DBUILD_SHARED_LIBS=ON
    build_and_run
    for program in consumer_failures consumer_plugin; do
        configure consumer_subdirectory "-DINTERLOOP_SOURCE=$SOURCE" "-DLOOP=${LOOPS%%,*}" "-DPROGRAM=$program"
        build_and_run
    done
    ;;
pkg_config)
    export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
    for loop in ${LOOPS//,/ }; do
        read -ra flags <<<"$(pkg-config --cflags --libs "interloop-${loop//_/-}")"
        "$CXX" -std=c++20 "-I$SOURCE/examples/guide" "$SOURCE/loops/$loop/examples/retry.cpp" "${flags[@]}" \
            "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer/main
        test "$(consumer/main)" = "answer 3"
    done
    first=${LOOPS%%,*}
    for client in ${CLIENTS//,/ }; do
        read -ra flags <<<"$(pkg-config --cflags --libs "interloop-${client//_/-}" "interloop-${first//_/-}")"
        "$CXX" -std=c++20 "-DLOOP_CLASS=${first}_loop" "-DHEADER=<interloop/adapters/$first.hpp>" \
            "$SOURCE/clients/$client/tests/installed.cpp" "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer/main
        says_ok consumer/main
    done
    read -ra flags <<<"$(pkg-config --cflags --libs "interloop-${loop//_/-}")"
    flags+=("-DLOOP_CLASS=${loop}_loop" "-DHEADER=<interloop/adapters/$loop.hpp>")
    # A user's mistakes cause a message.
    says "interloop needs C\\+\\+20" "$CXX" -std=c++17 consumer/main.cpp "${flags[@]}" -fsyntax-only
    says "build_interloop_with_GLIBCXX_DEBUG_too" \
        "$CXX" -std=c++20 -D_GLIBCXX_DEBUG consumer/main.cpp "${flags[@]}" -o consumer/main
    ;;
throw_traces) # as archives; with and without inlining; with symbols and without
    for flags in "-O0;-g" "-O2;-g"; do
        configure consumer_throw_traces "-DCMAKE_PREFIX_PATH=$PREFIX" "-DCOMPILE_FLAGS=$flags"
        build_and_run
    done
    strip build/consumer
    says_ok build/consumer stripped
    ;;
throw_traces_shared)
    for flags in "-O0;-g" "-O2;-g"; do
        configure consumer_throw_traces "-DINTERLOOP_SOURCE=$SOURCE" -DBUILD_SHARED_LIBS=ON "-DCOMPILE_FLAGS=$flags" \
            -DINTERLOOP_WITH_DEFAULT=OFF -DINTERLOOP_WITH_THROW_TRACES=AUTO
        build_and_run
    done
    ;;
throw_traces_static) # programs that contain the C++ runtime
    links=(-static-libstdc++)
    if static_libdw_is_whole; then links+=(-static -static-pie); fi
    for link in "${links[@]}"; do
        pie=$(test "$link" != -static-pie || echo ';-fPIE')
        configure consumer_throw_traces "-DCMAKE_PREFIX_PATH=$PREFIX" "-DCOMPILE_FLAGS=-O2;-g$pie" \
            -DTARGET=throw_traces_static "-DLINK_FLAGS=$link"
        build_and_run
    done
    # The usual target does not work there, and a message says so: at the link, or when something is thrown.
    if configure consumer_throw_traces "-DCMAKE_PREFIX_PATH=$PREFIX" -DTARGET=throw_traces -DLINK_FLAGS=-static-libstdc++ &&
        "$CMAKE" --build build && output=$(build/consumer 2>&1); then
        echo "interloop::throw_traces beside a static runtime was not noticed: $output" >&2
        exit 1
    fi
    ;;
throw_traces_pkg_config)
    export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
    read -ra flags <<<"$(pkg-config --cflags --libs interloop-throw-traces)"
    "$CXX" -std=c++20 -O2 -g consumer_throw_traces/main.cpp "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer/main
    says_ok consumer/main
    static_libdw_is_whole || exit 0
    read -ra flags <<<"$(pkg-config --cflags --libs interloop-throw-traces-static)"
    "$CXX" -std=c++20 -O2 -g -static consumer_throw_traces/main.cpp "${flags[@]}" -o consumer/main
    says_ok consumer/main
    ;;
logging) # with CMake's component, then with pkg-config
    configure consumer_logging "-DCMAKE_PREFIX_PATH=$PREFIX"
    build_and_run
    export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
    read -ra flags <<<"$(pkg-config --cflags --libs interloop-logging)"
    "$CXX" -std=c++20 consumer_logging/main.cpp "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer_logging/main
    test "$(consumer_logging/main)" = ok
    ;;
failures) # with and without symbols; with the C++ runtime inside
    export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
    read -ra flags <<<"$(pkg-config --cflags --libs interloop)"
    cd consumer_failures
    for how in -O0 -O2 "-O2 -static"; do
        read -ra options <<<"$how"
        "$CXX" -std=c++20 "${options[@]}" main.cpp "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer
        says_ok ./consumer
        strip consumer
        says_ok ./consumer stripped
    done
    ;;
look) # the installed interloop-ps, on a program with and without its sections and symbols, and without shared libraries
    export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
    read -ra flags <<<"$(pkg-config --cflags --libs interloop)"
    cd consumer_look
    for how in "-O0 -g" "-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections" "-O2 -static"; do
        read -ra options <<<"$how"
        "$CXX" -std=c++20 "${options[@]}" main.cpp "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer
        for strip in : "strip -s"; do
            $strip consumer
            coproc ./consumer
            read -r line <&"${COPROC[0]}"
            test "$line" = ready
            tree=$("$PREFIX/bin/interloop-ps" --tree "$COPROC_PID")
            kill "$COPROC_PID"
            wait "$COPROC_PID" || true
            grep -q 'coroutine wait_for_it (main.cpp:[0-9]*), awaits at main.cpp:' <<<"$tree" &&
                grep -q '└─ future made at main.cpp:' <<<"$tree" || { echo "$how, $strip: $tree" && exit 1; }
        done
        # gdb has the commands by itself for a shared library, and from a script for archives.
        test "$how" = "-O0 -g" && command -v gdb >/dev/null || continue
        "$CXX" -std=c++20 "${options[@]}" main.cpp "${flags[@]}" "-Wl,-rpath,$PREFIX/$LIBDIR" -o consumer
        script=$PREFIX/share/interloop/interloop-gdb.py
        loaded=()
        test ! -e "$script" || loaded=(-iex "source $script")
        said=$(gdb -nx -batch -iex "set debuginfod enabled off" -iex "add-auto-load-safe-path $PREFIX" "${loaded[@]}" \
            -ex "break getchar" -ex run -ex "interloop ps" -ex "interloop bt" -ex "up" -ex "print never" ./consumer 2>&1)
        grep -q "Operation not permitted" <<<"$said" && continue  # gdb may not run programs here
        grep -q '^  coroutine .*wait_for_it (main.cpp:[0-9]*), awaits at main.cpp:' <<<"$said" &&
            grep -q '^#1  coroutine .*wait_for_it' <<<"$said" &&
            grep -q '= pending future, made at main.cpp:' <<<"$said" || { echo "$said" && exit 1; }
    done
    ;;
missing_component)
    if output=$(configure consumer "-DCMAKE_PREFIX_PATH=$PREFIX" -DCOMPONENTS=nosuchloop 2>&1); then
        echo "A component that does not exist was found." >&2
        exit 1
    fi
    # CMake wraps the message, so the words are compared with the line ends taken out.
    grep -q "component 'nosuchloop' is not part of this installation, which was built with: .*${LOOPS%%,*}" \
        <<<"$(tr -s ' \n' ' ' <<<"$output")" || { echo "$output" && exit 1; }
    ;;
*)
    echo "usage: consume.sh find_package | every_loop | starter | components | subdirectory | pkg_config | failures | missing_component | logging | throw_traces[_...]" >&2
    exit 2
    ;;
esac
