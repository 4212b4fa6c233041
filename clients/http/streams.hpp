// SPDX-License-Identifier: MIT
// The two ends of a transfer's streams: the coroutine that reads the request's, and the one that is the response's.
#pragma once

#include "clients/http/transfer.hpp"

#include <memory>

namespace interloop::http {

/// Sends the pieces of a request's body as libcurl asks for them, until the transfer is over or this is cancelled.
future<void> pump(api loop, std::shared_ptr<transfer> to, byte_stream pieces);

/// The reader's share of a transfer: if it is destroyed, nobody wants the rest.
class reading {
 public:
  explicit reading(std::shared_ptr<transfer> from) noexcept : from_(std::move(from)) {}
  reading(reading&&) noexcept = default;
  reading& operator=(reading&&) = delete;
  ~reading() { end(); }

  [[nodiscard]] transfer& from() const noexcept { return *from_; }
  void end() noexcept;

 private:
  std::shared_ptr<transfer> from_;
};

/// The body of a response, as it arrives.
byte_stream read(api loop, reading from);

}  // namespace interloop::http
