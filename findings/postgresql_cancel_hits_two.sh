#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# PostgreSQL 15.18 and its libpq (Debian 12: 15.18-0+deb12u1). Needs Debian 12's package archive, gcc, and what
# postgresql-15 depends on.
#
# One would expect: one PQcancel cancels at most one statement of a pipeline, the one that runs when it arrives.
# What happens: where the server and its client share a processor, it cancels two, nearly always: also the statement
# behind, which nobody wanted to cancel. For one request the server sends two signals, to the session's process and then
# to its process group; the first one wakes the session, which takes the processor, obeys, answers, and begins the next
# statement before the second signal is sent. The function pg_cancel_backend, over another session, sends one signal.
# From version 18 on, by its source, one signal is sent for PQcancel, too.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || { kill "$server"; wait; }; rm -rf "$folder"' EXIT
cd "$folder"
version=15.18-0+deb12u1
apt-get download -qq postgresql-15=$version postgresql-client-15=$version libpq5=$version libpq-dev=$version 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
libraries=$(dirname "$(realpath "$(find . -name 'libpq.so.5' | head -1)")")
export LD_LIBRARY_PATH=$libraries

cat >program.c <<'PROGRAM'
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
/* Two statements in a pipeline; the first one is cancelled. Returns whether the second one was, too. */
static int round_trip(PGconn* session, PGconn* beside) {
  PQenterPipelineMode(session);
  PQsendQueryParams(session, "SELECT pg_sleep(100)", 0, NULL, NULL, NULL, NULL, 0);
  PQpipelineSync(session);
  PQsendQueryParams(session, "SELECT pg_sleep(0.02)", 0, NULL, NULL, NULL, NULL, 0);
  PQpipelineSync(session);
  usleep(5000);
  if (beside) {
    char text[64];
    snprintf(text, sizeof text, "SELECT pg_cancel_backend(%d)", PQbackendPID(session));
    PQclear(PQexec(beside, text));
  } else {
    char complaint[256];
    PGcancel* ticket = PQgetCancel(session);
    if (!PQcancel(ticket, complaint, sizeof complaint)) fprintf(stderr, "%s\n", complaint);
    PQfreeCancel(ticket);
  }
  int failed[2] = {0, 0};
  for (int i = 0; i < 2;) {
    PGresult* got = PQgetResult(session);
    if (!got) continue;
    if (PQresultStatus(got) == PGRES_FATAL_ERROR) failed[i] = 1;
    if (PQresultStatus(got) == PGRES_PIPELINE_SYNC) ++i;
    PQclear(got);
  }
  PQexitPipelineMode(session);
  return failed[0] && failed[1];
}
int main(int count, char** arguments) {
  (void)count;
  PGconn* session = PQconnectdb(arguments[1]);
  PGconn* beside = PQconnectdb(arguments[1]);
  if (PQstatus(session) != CONNECTION_OK || PQstatus(beside) != CONNECTION_OK) return 1;
  int both[2] = {0, 0};
  for (int i = 0; i < 100; ++i) {
    both[0] += round_trip(session, NULL);
    both[1] += round_trip(session, beside);
  }
  printf("two statements were cancelled: by PQcancel %d times of 100, by pg_cancel_backend %d\n", both[0], both[1]);
  return both[0] > 50 && both[1] == 0 ? 0 : 1;
}
PROGRAM
gcc -Wall -Wextra program.c -o program -I"$(dirname "$(find . -name libpq-fe.h)")" -L"$libraries" -l:libpq.so.5

as=()
if ((EUID == 0)); then
    chown -R nobody "$folder"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
bin=$folder/usr/lib/postgresql/15/bin
"${as[@]}" "$bin/initdb" -D data -U tester --auth=trust --no-sync -L "$folder/usr/share/postgresql/15" >/dev/null
processor=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
taskset -c "$processor" "${as[@]}" "$bin/postgres" -D data -k "$folder" -c listen_addresses= -c fsync=off >log 2>&1 &
server=$!
for _ in $(seq 100); do
    [[ -S .s.PGSQL.5432 ]] && "$bin/pg_isready" -q -h "$folder" && break
    sleep 0.1
done
taskset -c "$processor" ./program "host=$folder user=tester dbname=postgres"
