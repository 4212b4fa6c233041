// SPDX-License-Identifier: MIT
// COPY FROM STDIN: many rows in one stream.
#pragma once

#include <interloop/future.hpp>
#include <interloop/postgres/parameter.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace interloop::postgres {

class copy_state;  // the sources have it

/// What `connection::copy_in` gives. Move-only. If it is destroyed before `finish`, the server drops the rows.
/// Thread safety: the loop's thread only.
class copy_writer {
 public:
  /// None.
  copy_writer() noexcept = default;
  copy_writer(copy_writer&&) noexcept = default;
  copy_writer& operator=(copy_writer&&) noexcept = default;
  ~copy_writer() = default;

  /// Sends data; rows need not begin or end with it. It is copied in this call. The future is resolved when the system
  /// has taken it, so await it before the next one: that is what slows a fast writer down. Cancelling the future ends the
  /// wait, not the sending.
  /// The future fails with `connection_error`. That the server refuses a row is found out by `finish`.
  /// Errors: `usage_error` while another `write` or `finish` is pending, and after `finish`.
  [[nodiscard]] future<void> write(std::string_view data);

  /// Ends the COPY; gives the number of rows. Fails with `server_error` if the server has refused one, and then nothing
  /// was copied; `connection_error`. Cancelling it cancels the COPY in the server.
  /// Errors: as `write`.
  [[nodiscard]] future<std::size_t> finish();

 private:
  friend class connection;
  explicit copy_writer(std::shared_ptr<copy_state> state) noexcept : state_(std::move(state)) {}
  std::shared_ptr<copy_state> state_;
};

/// One row in COPY's text format, with its newline: values separated by tabs, special characters escaped, `\N` for NULL.
[[nodiscard]] std::string copy_line(std::span<const parameter> values);
template <class... Values>
  requires(sizeof...(Values) > 0)
[[nodiscard]] std::string copy_line(const Values&... values) {
  return copy_line(std::span<const parameter>(std::array<parameter, sizeof...(Values)>{parameter(values)...}));
}

}  // namespace interloop::postgres
