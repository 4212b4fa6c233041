#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hiredis 0.14.1 (Debian 12: libhiredis0.14 and libhiredis-dev 0.14.1-3). Needs Debian 12's package archive and gcc.
#
# One would expect: the connect callback is called once the connection exists, whenever it was set.
# What happens: redisAsyncSetConnectCallback asks the adapter for writability, which is how a new connection shows. If no
# adapter is attached yet, that is lost, and nobody asks again until a command is sent: a program that waits for the
# callback before it sends one waits forever.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libhiredis0.14=0.14.1-3 libhiredis-dev=0.14.1-3 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done

cat >program.c <<'PROGRAM'
#include <arpa/inet.h>
#include <hiredis/async.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int asked, connected;
static void ask(void* data) { (void)data, ++asked; }
static void on_connect(const redisAsyncContext* context, int status) { (void)context, connected = status == REDIS_OK; }
static void attach(redisAsyncContext* context) {
  context->ev.addWrite = &ask;
  context->ev.data = context;
}

/* An adapter that does what it is asked, for as long as one second. */
static void run(redisAsyncContext* context) {
  struct pollfd one = {context->c.fd, asked ? POLLOUT : 0, 0};
  if (poll(&one, 1, asked ? 1000 : 100) > 0 && asked) redisAsyncHandleWrite(context);
}

int main(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  bind(server, (struct sockaddr*)&address, length);
  listen(server, 1);
  getsockname(server, (struct sockaddr*)&address, &length);
  redisAsyncContext* context = redisAsyncConnect("127.0.0.1", ntohs(address.sin_port));
  if (!strcmp(argv[1], "callback")) redisAsyncSetConnectCallback(context, &on_connect);
  attach(context);
  if (strcmp(argv[1], "callback")) redisAsyncSetConnectCallback(context, &on_connect);
  run(context);
  printf("asked %d times, called %d times\n", asked, connected);
}
PROGRAM
gcc -Iusr/include program.c "$(realpath usr/lib/*/libhiredis.so.0.14)" -o program
export LD_LIBRARY_PATH=$(dirname "$(realpath usr/lib/*/libhiredis.so.0.14)")
callback_first=$(./program callback)
adapter_first=$(./program adapter)
echo "the adapter first:  $adapter_first"
echo "the callback first: $callback_first"
[[ $adapter_first == "asked 1 times, called 1 times" && $callback_first == "asked 0 times, called 0 times" ]] ||
    { echo "This has changed." >&2 && exit 1; }
