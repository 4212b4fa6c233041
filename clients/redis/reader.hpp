// SPDX-License-Identifier: MIT
// hiredis' parser, which makes our replies in place instead of its own.
#pragma once

#include <interloop/redis/reply.hpp>

#include <cstddef>
#include <memory>
#include <string>

struct redisReader;
struct redisReplyObjectFunctions;

namespace interloop::redis {

class reader {
 public:
  /// Errors: `std::bad_alloc`.
  reader();
  ~reader();

  /// Adds what was received. Errors: `std::bad_alloc`.
  void feed(const char* data, std::size_t size);

  /// The next complete reply, which the caller may move from, or null if more bytes are needed or these are not Redis'
  /// protocol: see `problem`. Valid until the next call.
  [[nodiscard]] reply* next();

  /// What is wrong with the received bytes; empty if nothing is.
  [[nodiscard]] std::string problem() const;

 private:
  struct making;  // the functions that the parser calls
  static redisReplyObjectFunctions functions();

  struct freeing {
    void operator()(redisReader* native) const noexcept;
  };
  std::unique_ptr<redisReader, freeing> native_;
  reply current_;
};

/// Whether this hiredis knows version 3 of the protocol.
[[nodiscard]] bool reads_protocol_3() noexcept;

}  // namespace interloop::redis
