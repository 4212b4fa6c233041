// SPDX-License-Identifier: MIT
#include "messages.hpp"

#include <interloop/error.hpp>

#include <zmq.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace glued {

namespace {

void require(bool success, const char* what) {
  if (!success) throw interloop::error(std::string(what) + ": " + zmq_strerror(zmq_errno()));
}

}  // namespace

messages::messages(interloop::loop& on, void* context, message_handler on_message)
    : on_message_(std::move(on_message)),
      socket_(zmq_socket(context, ZMQ_PAIR)),
      // Readiness says only that something has changed: what, drain finds out, and that is the next thing that happens.
      glue_(on, {.drain = [this] { return receive_one(); }}) {
  require(socket_ != nullptr, "zmq_socket");
  glue_.call([&] {
    const int no_delay = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &no_delay, sizeof no_delay);
    int fd = -1;
    std::size_t size = sizeof fd;
    require(zmq_getsockopt(socket_, ZMQ_FD, &fd, &size) == 0, "ZMQ_FD");
    glue_.want(fd, interloop::interest::read);
  });
}

messages::~messages() {
  glue_.end();
  zmq_close(socket_);
}

std::string messages::bind() {
  return glue_.call([&] {
    require(zmq_bind(socket_, "tcp://127.0.0.1:*") == 0, "zmq_bind");
    std::array<char, 64> address{};
    std::size_t size = address.size();
    require(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, address.data(), &size) == 0, "ZMQ_LAST_ENDPOINT");
    return std::string(address.data());
  });
}

void messages::connect(const std::string& address) {
  glue_.call([&] { require(zmq_connect(socket_, address.c_str()) == 0, "zmq_connect"); });
}

void messages::send(std::string_view message) {
  glue_.call([&] { require(zmq_send(socket_, message.data(), message.size(), ZMQ_DONTWAIT) >= 0, "zmq_send"); });
}

bool messages::receive_one() {
  int events = 0;
  std::size_t size = sizeof events;
  require(zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0, "ZMQ_EVENTS");
  if (!(events & ZMQ_POLLIN)) return false;
  zmq_msg_t got;
  zmq_msg_init(&got);
  const std::unique_ptr<zmq_msg_t, decltype([](zmq_msg_t* it) { zmq_msg_close(it); })> closes(&got);
  if (zmq_msg_recv(&got, socket_, ZMQ_DONTWAIT) < 0) return false;
  on_message_({static_cast<const char*>(zmq_msg_data(&got)), zmq_msg_size(&got)});
  return true;  // the handler may have destroyed this
}

}  // namespace glued
