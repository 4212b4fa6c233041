#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libcurl 7.88.1 (Debian 12: libcurl4 and libcurl4-openssl-dev 7.88.1-10+deb12u15), which looks names up in threads.
# Needs Debian 12's package archive, gcc and what libcurl4 depends on.
#
# One would expect: in the multi interface nothing waits for a lookup, since a thread does it; a time limit ends a
# transfer without a wait; and CURLOPT_QUICK_EXIT is for programs that are about to end.
# What happens: the call that ends the transfer waits for the thread, and with it the application's event loop does. That
# is curl_multi_remove_handle, and, where the transfer has a time limit, the curl_multi_socket_action that notices it.
# With CURLOPT_QUICK_EXIT neither waits, whether the program ends or not: the thread is left behind.
# Here a lookup takes 1.5 s, as with a name server that does not answer, and a transfer is given up after 0.2 s.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=7.88.1-10+deb12u15
apt-get download -qq libcurl4=$version libcurl4-openssl-dev=$version 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
libraries=$(dirname "$(realpath "$(find . -name 'libcurl.so.4' | head -1)")")

cat >program.c <<'PROGRAM'
#include <curl/curl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
/* Takes the place of the C library's. */
int getaddrinfo(const char* name, const char* port, const struct addrinfo* hints, struct addrinfo** found) {
  (void)name, (void)port, (void)hints, (void)found;
  usleep(1500000);
  return EAI_AGAIN;
}
static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}
static double longest;
static void measured(double began) {
  if (now() - began > longest) longest = now() - began;
}
int main(int count, char** arguments) {
  const int by_limit = count > 1 && strcmp(arguments[1], "limit") == 0;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS)) return 2;
  CURLM* multi = curl_multi_init();
  CURL* one = curl_easy_init();
  curl_easy_setopt(one, CURLOPT_URL, "http://www.example.org/");
  curl_easy_setopt(one, CURLOPT_PROXY, "");
  curl_easy_setopt(one, CURLOPT_NOSIGNAL, 1L);
  if (count > 2 && curl_easy_setopt(one, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK) return 3;
  if (by_limit) curl_easy_setopt(one, CURLOPT_TIMEOUT_MS, 200L);
  curl_multi_add_handle(multi, one);
  for (double began = now(); now() - began < 0.4;) { /* a loop whose timer rings every 10 ms */
    int running;
    const double called = now();
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    measured(called);
    if (!by_limit && now() - began > 0.2) break;
    usleep(10000);
  }
  const double called = now();
  curl_multi_remove_handle(multi, one);
  measured(called);
  printf("%.1f\n", longest);
  curl_easy_cleanup(one);
  curl_multi_cleanup(multi);
  return 0;
}
PROGRAM
gcc -I"$(dirname "$(dirname "$(find . -name curl.h)")")" program.c -o program "$libraries/libcurl.so.4" -Wl,-rpath,"$libraries"

removed=$(./program remove)
limited=$(./program limit)
quick=$(./program remove quick),$(./program limit quick)
echo "a transfer is removed while its name is looked up: the longest call of libcurl took $removed s"
echo "its time limit of 0.2 s passes meanwhile:          the longest call of libcurl took $limited s"
echo "the same two with CURLOPT_QUICK_EXIT:              ${quick/,/ and } s"
# What is left of the lookup, give or take a slow machine; and less than that.
awk -v all="$removed,$limited,$quick" 'BEGIN {
    split(all, s, ",")
    exit !(s[1] > 0.9 && s[1] < 3 && s[2] > 0.9 && s[2] < 3 && s[3] < 0.5 && s[4] < 0.5)
}' || { echo "This has changed." >&2 && exit 1; }
