#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libev 4.33 and libevent 2.1.12 (Debian 12: libev4 1:4.33-1, libevent-core-2.1-7 2.1.12-stable-8+deb12u1). Needs Debian
# 12's package archive, gcc and binutils.
#
# One would expect: a program that links two event loops of different names gets from each what it declares.
# What happens: libev also exports 24 functions of libevent's names, for another structure of events, and neither library
# gives its symbols versions. In a program that links libev before libevent, event_add and event_base_new are libev's,
# for libevent's own calls too, while event_assign, which libev does not have, is libevent's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libev4=1:4.33-1 libevent-core-2.1-7=2.1.12-stable-8+deb12u1 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
ev=$(realpath usr/lib/*/libev.so.4)
event=$(realpath usr/lib/*/libevent_core-2.1.so.7)

# exports FILE: the functions of it whose names begin with event_.
exports() { nm -D --defined-only "$1" | awk '$2 == "T" && $3 ~ /^event_/ { print $3 }' | sort; }
both=$(comm -12 <(exports "$ev") <(exports "$event") | wc -l)
own=$(comm -23 <(exports "$ev") <(exports "$event") | wc -l)
echo "functions event_...: $both that both export, $own that only libev does"

# Asks the linker only: none of these functions is called.
cat >program.c <<'PROGRAM'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libgen.h>
#include <stdio.h>
void event_base_new(void);
void event_add(void);
void event_assign(void);
static const char* of(void (*function)(void)) {
  Dl_info where;
  return dladdr((void*)function, &where) ? basename((char*)where.dli_fname) : "?";
}
int main(void) {
  printf("event_base_new: %s, ", of(&event_base_new));
  printf("event_add: %s, ", of(&event_add));
  printf("event_assign: %s\n", of(&event_assign));
}
PROGRAM
# see FIRST SECOND: where a program that links them in this order has the functions from.
see() { gcc -fPIE -pie -Wl,--no-as-needed program.c "$1" "$2" -o program && ./program; }
ev_first=$(see "$ev" "$event")
event_first=$(see "$event" "$ev")
echo "libev first:    $ev_first"
echo "libevent first: $event_first"
# What libevent itself calls is looked up in the same order.
calls=$(LD_DEBUG=bindings LD_BIND_NOW=1 LD_PRELOAD="$ev $event" /bin/true 2>&1 |
    grep -c "libevent_core[^ ]* \[0\] to [^ ]*libev\.so.*symbol .event_" || true)
echo "libev first: $calls of libevent's own calls go to libev"

[[ $both == 24 && $own == 0 && $calls -gt 0 &&
    $ev_first == "event_base_new: libev.so.4"*", event_add: libev.so.4"*", event_assign: libevent_core"* &&
    $event_first != *libev.so* ]] || { echo "This has changed." >&2 && exit 1; }
