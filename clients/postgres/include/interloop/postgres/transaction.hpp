// SPDX-License-Identifier: MIT
// How a transaction begins, and the inside of `connection::transaction`.
#pragma once

#include <interloop/coroutine.hpp>
#include <interloop/future.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace interloop::postgres {

class connection;
class session;

/// How `connection::transaction` begins.
struct transaction_options {
  enum class isolation : unsigned char { server_default, read_committed, repeatable_read, serializable };
  isolation level = isolation::server_default;
  bool read_only = false;
};

/// BEGIN, and the end of it. One for each session at a time.
class transaction_scope {
 public:
  /// Errors: `usage_error`.
  explicit transaction_scope(connection& on);
  transaction_scope(const transaction_scope&) = delete;
  transaction_scope& operator=(const transaction_scope&) = delete;
  ~transaction_scope();

  [[nodiscard]] interloop::loop& loop() const noexcept;
  [[nodiscard]] future<void> begin(transaction_options options);
  [[nodiscard]] future<void> commit();
  /// Never fails, except when its loop closes. The server is told even if the wait is cancelled.
  [[nodiscard]] future<void> roll_back();

 private:
  std::shared_ptr<session> on_;
  bool ended_ = false;  // COMMIT was answered
};

namespace parts {

template <class T, class Body>
future<T> transact(interloop::loop&, connection& on, std::unique_ptr<transaction_scope> scope, Body body,
                   transaction_options options) {
  std::exception_ptr failed;
  try {
    co_await scope->begin(options);
    if constexpr (std::is_void_v<T>) {
      co_await body(on);
      co_await scope->commit();
      co_return;
    } else {
      T value = co_await body(on);
      co_await scope->commit();
      co_return value;
    }
  } catch (...) {
    failed = std::current_exception();
  }
  co_await scope->roll_back();
  std::rethrow_exception(failed);
}

}  // namespace parts

}  // namespace interloop::postgres
