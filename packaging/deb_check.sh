#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the packages of build/deb, or of another folder, on a machine that has nothing of interloop; uses them (CMake,
# pkg-config, each loop, the clients, interloop-ps, Python), removes them, and fails if anything is left.
# Changes the machine on which it runs, so it is for trees of tools/debian.sh. Usage: packaging/deb_check.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath "${1:-build/deb}")
root=$PWD
export DEBIAN_FRONTEND=noninteractive

say() { echo "deb_check: $*"; }
stop() {
    echo "deb_check: $*" >&2
    exit 1
}

# Files that have interloop in their names, except these sources and what apt and dpkg keep of packages that were there.
traces() { find / -xdev \( -path "$root" -o -path /proc -o -path /sys -o -path /machine -o -path "$folder" \) -prune -o -iname '*interloop*' -print; }
names() { dpkg-query -W -f '${Package}\n' | sort; }

[[ -z $(traces) ]] || stop "something of interloop is here already: $(traces | head -n 5)"
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 g++ cmake make pkg-config libgtest-dev >/dev/null
before=$(names)

mapfile -t packages < <(find "$folder" -name '*.deb' ! -name '*-dbgsym_*' | sort)
((${#packages[@]})) || stop "no packages in $folder; first: packaging/deb.sh"
start=$SECONDS
apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
say "${#packages[@]} packages installed in $((SECONDS - start)) s"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t loops < <(ls loops/*/examples/retry.cpp | cut -d/ -f2)
mapfile -t clients < <(ls clients/*/tests/installed.cpp | cut -d/ -f2)

list() { local IFS=';' && echo "$*"; }
start=$SECONDS
cmake -S tests/package/consumer -B "$work/build" "-DCOMPONENTS=$(list conformance every_loop throw_traces "${loops[@]}" "${clients[@]}")" \
    "-DLOOPS=$(list "${loops[@]}")" "-DCLIENTS=$(list "${clients[@]}")" "-DSOURCE=$PWD" >/dev/null
cmake --build "$work/build" -j "${JOBS:-$(nproc)}" >/dev/null
for loop in "${loops[@]}"; do
    [[ $("$work/build/consumer_$loop") == "answer 3" ]] || stop "the program on $loop does not work"
done
for client in "${clients[@]}"; do [[ $("$work/build/consumer_$client") == ok ]] || stop "the client $client does not work"; done
for loop in manual "${loops[@]}"; do "$work/build/greeting_$loop" || stop "the test on $loop does not work"; done
say "CMake: ${loops[*]} and ${clients[*]} in $((SECONDS - start)) s"

start=$SECONDS
read -ra two < <(python3 packaging/parts.py --loops)
two=("${two[@]:0:2}")
for loop in "${two[@]}"; do
    read -ra flags <<<"$(pkg-config --cflags --libs "interloop-$loop")"
    g++ -std=c++20 -Iexamples/guide "loops/$loop/examples/retry.cpp" "${flags[@]}" -o "$work/$loop"
    [[ $("$work/$loop") == "answer 3" ]] || stop "the program on $loop does not work with pkg-config"
done
say "pkg-config: ${two[*]} in $((SECONDS - start)) s"

start=$SECONDS
(cd "$work" && /usr/share/interloop/starter/new.sh by_script >/dev/null)
cmake -S "$work/by_script" -B "$work/by_script/build" >/dev/null
cmake --build "$work/by_script/build" -j "${JOBS:-$(nproc)}" >/dev/null
for program in "$work"/by_script/build/examples/on_*; do
    [[ $(printf 'one\ntwo\n' | "$program") == "2 lines" ]] || stop "the starter's ${program##*/} does not work"
done
ctest --test-dir "$work/by_script/build" --no-tests=error >"$work/ctest.txt" || { cat "$work/ctest.txt" && stop "the starter's tests fail"; }
for loop in manual "${loops[@]}"; do grep -q "_tests\.$loop .*Passed" "$work/ctest.txt" || stop "the starter has no test on $loop"; done
say "a library made from the starter, tested on every loop, in $((SECONDS - start)) s"

read -ra flags <<<"$(pkg-config --cflags --libs interloop)"
(cd tests/package/consumer_look && g++ -std=c++20 -O2 main.cpp "${flags[@]}" -o "$work/look")
coproc "$work/look"
read -r line <&"${COPROC[0]}"
[[ $line == ready ]] || stop "the program to look into does not run"
tree=$(interloop-ps --tree "$COPROC_PID")
grep -q 'coroutine wait_for_it (main.cpp:' <<<"$tree" || stop "interloop-ps shows: $tree"
if [[ -e /usr/lib/python3/dist-packages/interloop ]]; then
    [[ $(python3 -m interloop ps --tree "$COPROC_PID") == "$tree" ]] || stop "python3 -m interloop ps shows something else"
    python3 packaging/tests/use_wheel.py "$(python3 packaging/parts.py)"
    say "Python: $(python3 -c 'import interloop; print(interloop.__file__, interloop.__version__)')"
fi
kill "$COPROC_PID"

start=$SECONDS
rm -rf "$work" # the programs' object files, which are named after the targets
mapfile -t packages < <(names | grep -E '^(lib|python3-)?interloop')
apt-get purge -y -qq "${packages[@]}" >/dev/null
apt-get autoremove -y -qq --purge -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 >/dev/null
[[ -z $(traces) ]] || stop "left after removing the packages: $(traces)"
[[ $(names) == "$before" ]] || stop "packages that are left: $(diff <(echo "$before") <(names) || true)"
say "all removed, and nothing is left, in $((SECONDS - start)) s"
