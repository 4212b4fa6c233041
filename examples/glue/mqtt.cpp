// SPDX-License-Identifier: MIT
#include "mqtt.hpp"

#include <interloop/error.hpp>

#include <mosquitto.h>

#include <chrono>
#include <cstddef>
#include <utility>

namespace glued {

using interloop::has;
using interloop::interest;

namespace {

void require_success(int code, const char* what) {
  if (code != MOSQ_ERR_SUCCESS) throw interloop::error(std::string(what) + ": " + mosquitto_strerror(code));
}

}  // namespace

// [hooks]
mqtt::mqtt(interloop::loop& on, std::string topic, message_handler on_message)
    : topic_(std::move(topic)),
      on_message_(std::move(on_message)),
      library_((mosquitto_lib_init(), mosquitto_new(nullptr, true, this))),
      glue_(on, {.ready =
                     [this](int, interest ready, void*) {
                       // A failure of either ends the connection, which ask() finds.
                       if (has(ready, interest::read)) mosquitto_loop_read(library_, 1);
                       if (has(ready, interest::write)) mosquitto_loop_write(library_, 1);
                     },
                 .expired = [this] { on_deadline(); },
                 .ask = [this] { ask(); }}) {
  // [/hooks]
  if (!library_) throw interloop::error("mosquitto_new failed");
  // All of these are called inside calls of the library that the glue knows about.
  mosquitto_connect_callback_set(library_, [](mosquitto* library, void* self, int refused) {
    if (refused == 0) mosquitto_subscribe(library, nullptr, static_cast<mqtt*>(self)->topic_.c_str(), 0);
  });
  mosquitto_subscribe_callback_set(
      library_, [](mosquitto*, void* self, int, int, const int*) { ++static_cast<mqtt*>(self)->subscriptions_; });
  mosquitto_message_callback_set(library_, [](mosquitto*, void* self, const mosquitto_message* message) {
    const std::string_view payload(static_cast<const char*>(message->payload),
                                   static_cast<std::size_t>(message->payloadlen));
    static_cast<mqtt*>(self)->on_message_(message->topic, payload);
  });
}

mqtt::~mqtt() {
  glue_.end();
  mosquitto_destroy(library_);
  mosquitto_lib_cleanup();
}

// [ask]
void mqtt::ask() {
  const int fd = mosquitto_socket(library_);
  glue_.want(fd, mosquitto_want_write(library_) ? interest::read_write : interest::read);
  if (fd >= 0) {
    glue_.deadline_in(std::chrono::seconds(1));  // for keep-alive packets
  } else if (connected_before_) {
    glue_.deadline_in(std::chrono::milliseconds(20));  // to try again
  }
}

void mqtt::on_deadline() {
  if (mosquitto_socket(library_) >= 0) {
    mosquitto_loop_misc(library_);
  } else {
    mosquitto_reconnect(library_);
  }
}

// [/ask]

// [calls]
void mqtt::connect(const std::string& host, int port) {
  const int code = glue_.call([&] { return mosquitto_connect(library_, host.c_str(), port, 60); });
  require_success(code, "connect");
  connected_before_ = true;
}

void mqtt::reconnect() {
  const int code = glue_.call([&] {
    mosquitto_disconnect(library_);
    return mosquitto_reconnect(library_);
  });
  require_success(code, "reconnect");
}

// [/calls]

void mqtt::publish(const std::string& topic, std::string_view payload) {
  const int code = glue_.call([&] {
    return mosquitto_publish(library_, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 0,
                             false);
  });
  require_success(code, "publish");
}

}  // namespace glued
