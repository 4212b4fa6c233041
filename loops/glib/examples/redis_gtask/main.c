/* SPDX-License-Identifier: MIT
 * A program in C that uses the Redis client by GTasks: some commands one after the other, an error, a cancellation.
 *
 * Usage: redis_gtask PORT
 */
#include "redis_gtask.h"

#include <interloop/glib_error.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char* const commands[][4] = {
    {"SET", "language", "C", NULL},
    {"GET", "language", NULL},
    {"INCR", "language", NULL}, /* not a number */
    {"BLPOP", "nothing", "0", NULL}, /* waits until it is cancelled */
};

typedef struct {
  GMainLoop* loop;
  RedisConnection* connection;
  GCancellable* cancellable;
  gsize next;
} Program;

static void send_next(Program* program);

static gboolean give_up(gpointer data) {
  g_cancellable_cancel(((Program*)data)->cancellable);
  return G_SOURCE_REMOVE;
}

static void print_error(const char* what, GError* error) {
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    printf("%s: cancelled\n", what);
  else if (error->domain == INTERLOOP_ERROR)
    printf("%s: %s\n", what, error->message);
  else
    printf("%s: another error, %s\n", what, error->message);
  g_error_free(error);
}

static void on_reply(GObject* source, GAsyncResult* result, gpointer data) {
  Program* program = data;
  GError* error = NULL;
  char* reply = redis_connection_command_finish(REDIS_CONNECTION(source), result, &error);
  const char* name = commands[program->next][0];
  if (reply)
    printf("%s: %s\n", name, reply);
  else
    print_error(name, error);
  g_free(reply);
  ++program->next;
  send_next(program);
}

static void send_next(Program* program) {
  if (program->next == G_N_ELEMENTS(commands)) {
    g_main_loop_quit(program->loop);
    return;
  }
  redis_connection_command_async(program->connection, commands[program->next], program->cancellable, on_reply, program);
  if (program->next + 1 == G_N_ELEMENTS(commands)) g_idle_add(give_up, program);
}

static void on_open(GObject* source, GAsyncResult* result, gpointer data) {
  Program* program = data;
  GError* error = NULL;
  if (redis_connection_open_finish(REDIS_CONNECTION(source), result, &error)) {
    send_next(program);
  } else {
    print_error("open", error);
    g_main_loop_quit(program->loop);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s PORT\n", argv[0]);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  Program program = {g_main_loop_new(NULL, FALSE), redis_connection_new(), g_cancellable_new(), 0};
  redis_connection_open_async(program.connection, "127.0.0.1", atoi(argv[1]), NULL, on_open, &program);
  g_main_loop_run(program.loop);
  g_object_unref(program.cancellable);
  g_object_unref(program.connection);
  g_main_loop_unref(program.loop);
  return 0;
}
