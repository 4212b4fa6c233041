/* SPDX-License-Identifier: MIT
 * A Redis connection for C programs, in GIO's style: a GObject with asynchronous functions.
 *
 * All functions belong to the thread of the default main context. An operation ends with an error of G_IO_ERROR if it was
 * cancelled or took too long, otherwise of INTERLOOP_ERROR (interloop/glib_error.h).
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define REDIS_TYPE_CONNECTION (redis_connection_get_type())
G_DECLARE_FINAL_TYPE(RedisConnection, redis_connection, REDIS, CONNECTION, GObject)

RedisConnection* redis_connection_new(void);

/* host: a numeric address. */
void redis_connection_open_async(RedisConnection* self, const char* host, int port, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean redis_connection_open_finish(RedisConnection* self, GAsyncResult* result, GError** error);

/* words: the command's, ending with NULL; they are copied. */
void redis_connection_command_async(RedisConnection* self, const char* const* words, GCancellable* cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
/* The reply as text, to be freed by g_free. */
char* redis_connection_command_finish(RedisConnection* self, GAsyncResult* result, GError** error);

G_END_DECLS
