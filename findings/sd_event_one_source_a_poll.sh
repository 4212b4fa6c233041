#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libsystemd 252 (Debian 12: libsystemd0 and libsystemd-dev 252.39-1~deb12u2). Needs Debian 12's package archive, gcc and
# strace.
#
# One would expect: an event loop asks epoll once, and calls every source that is ready.
# What happens: sd-event calls one source, asks epoll again, is told again of all the others that are still ready, calls
# one of them, and so on. N ready sockets are N epoll_wait calls that return N, N - 1, … 1 events: the cost of an event
# grows with the number of sockets that are ready at the same time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libsystemd0=252.39-1~deb12u2 libsystemd-dev=252.39-1~deb12u2 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
libraries=$(dirname "$(realpath "$(find . -name 'libsystemd.so.0' | head -1)")")

cat >program.c <<'PROGRAM'
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>
static int left;
static int on_readable(sd_event_source* source, int fd, uint32_t events, void* data) {
  char byte;
  (void)events, (void)data;
  if (read(fd, &byte, 1) != 1) return -1;
  return --left == 0 ? sd_event_exit(sd_event_source_get_event(source), 0) : 0;
}
int main(int count, char** arguments) {
  sd_event* event = NULL;
  if (count != 2 || sd_event_new(&event) < 0) return 1;
  left = atoi(arguments[1]);
  for (int i = 0; i < left; ++i) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || write(pair[1], "x", 1) != 1) return 1;
    if (sd_event_add_io(event, NULL, pair[0], EPOLLIN, on_readable, NULL) < 0) return 1;
  }
  return sd_event_loop(event) < 0;
}
PROGRAM
gcc -Iusr/include program.c -o program "$libraries/libsystemd.so.0" -Wl,-rpath,"$libraries"

# events N: what each epoll_wait returned with N sockets ready, in one line.
events() {
    strace -qq -e trace=epoll_wait -o trace ./program "$1"
    sed -nE 's/.*\) = ([0-9]+)$/\1/p' trace | paste -sd' '
}
five=$(events 5)
echo "5 ready sockets:   epoll_wait returned $five events"
hundred=$(events 100 | tr ' ' '\n' | awk '{ calls++; sum += $1 } END { print calls, sum }')
echo "100 ready sockets: ${hundred% *} calls, ${hundred#* } events in all"
[[ $five == "5 4 3 2 1" && $hundred == "100 5050" ]] || { echo "This has changed." >&2 && exit 1; }
