// SPDX-License-Identifier: MIT
// The C interface of the Redis client, which itself names no loop and no GLib.
#include "redis_gtask.h"

#include <interloop/glib_task.hpp>
#include <interloop/interloop.hpp>
#include <interloop/redis.hpp>

#include <string>
#include <utility>
#include <vector>

namespace redis = interloop::redis;

// NOLINTBEGIN: the names are what GObject's macros ask for
struct _RedisConnection {
  GObject parent_instance;
  redis::client* client;
};
G_DEFINE_TYPE(RedisConnection, redis_connection, G_TYPE_OBJECT)

static void redis_connection_init(RedisConnection* self) {
  self->client = new redis::client(interloop::with_config(interloop::use_glib(nullptr)));
}

static void redis_connection_finalize(GObject* object) {
  delete REDIS_CONNECTION(object)->client;
  G_OBJECT_CLASS(redis_connection_parent_class)->finalize(object);
}

static void redis_connection_class_init(RedisConnectionClass* its) {
  G_OBJECT_CLASS(its)->finalize = &redis_connection_finalize;
}
// NOLINTEND

RedisConnection* redis_connection_new() { return REDIS_CONNECTION(g_object_new(REDIS_TYPE_CONNECTION, nullptr)); }

// [async]
void redis_connection_open_async(RedisConnection* self, const char* host, int port, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data) {
  interloop::run_task(self, gpointer(&redis_connection_open_async), cancellable, callback, user_data,
                      [&] { return self->client->connect(host, port); });
}

gboolean redis_connection_open_finish(RedisConnection* self, GAsyncResult* result, GError** error) {
  return interloop::finish_task<void>(self, gpointer(&redis_connection_open_async), result, error);
}
// [/async]

namespace {

std::string text_of(const redis::reply& reply) {
  using kind = redis::reply::kind;
  switch (reply.type()) {
    case kind::nil:
      return "(nil)";
    case kind::integer:
      return std::to_string(reply.integer());
    case kind::array: {
      std::string all;
      for (const redis::reply& each : reply.elements()) all += (all.empty() ? "" : ", ") + text_of(each);
      return all;
    }
    default:
      return reply.text();
  }
}

interloop::future<std::string> text_of_command(redis::client& client, const char* const* words) {
  std::vector<redis::word> all;
  for (; *words; ++words) all.emplace_back(*words);
  co_return text_of(co_await client.send(all));  // sent before this suspends
}

}  // namespace

void redis_connection_command_async(RedisConnection* self, const char* const* words, GCancellable* cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data) {
  interloop::run_task(self, gpointer(&redis_connection_command_async), cancellable, callback, user_data,
                      [&] { return text_of_command(*self->client, words); });
}

char* redis_connection_command_finish(RedisConnection* self, GAsyncResult* result, GError** error) {
  return interloop::finish_task<std::string>(self, gpointer(&redis_connection_command_async), result, error);
}
