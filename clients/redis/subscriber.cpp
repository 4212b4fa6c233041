// SPDX-License-Identifier: MIT
#include <interloop/redis/subscriber.hpp>

#include "listener.hpp"

#include <utility>

namespace interloop::redis {

subscriber::subscriber(api loop, client_options options)
    : listener_(std::make_shared<listener>(loop, std::move(options))) {}

subscriber::~subscriber() { listener_->end("the subscriber was destroyed"); }

future<void> subscriber::connect(const std::string& host, int port) {
  return listener_->start(streams::tcp_address(host, port));
}

future<void> subscriber::connect_unix(const std::string& path) { return listener_->start(streams::unix_address(path)); }

future<void> subscriber::subscribe_all(std::span<const std::string_view> names) {
  return listener_->subscribe(false, names);
}

future<void> subscriber::psubscribe_all(std::span<const std::string_view> patterns) {
  return listener_->subscribe(true, patterns);
}

future<void> subscriber::unsubscribe_all(std::span<const std::string_view> names) {
  return listener_->unsubscribe(false, names);
}

future<void> subscriber::punsubscribe_all(std::span<const std::string_view> patterns) {
  return listener_->unsubscribe(true, patterns);
}

receiving<message> subscriber::next() { return listener_->next(); }

void subscriber::close() noexcept { listener_->end("the subscriber was closed"); }

bool subscriber::connected() const noexcept { return listener_->up(); }

}  // namespace interloop::redis
