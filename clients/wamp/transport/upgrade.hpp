// SPDX-License-Identifier: MIT
// WebSocket's opening: an HTTP request, and the server's answer to it. Without any I/O. Source: RFC 6455, RFC 7230.
#pragma once

#include "url.hpp"

#include <interloop/wamp/options.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace interloop::wamp::websocket {

/// `wamp.2.msgpack`, say.
[[nodiscard]] std::string_view subprotocol(serializer which) noexcept;

/// A new key for each request. Errors: `error` if the system has no random numbers.
[[nodiscard]] std::string make_key();
/// What the server must answer to a key.
[[nodiscard]] std::string accept_of(const std::string& key);

[[nodiscard]] std::string request(const transport_url& to, const std::string& key,
                                  const std::vector<serializer>& offered);

/// Reads the answer, as its bytes come.
class answer_reader {
 public:
  static constexpr std::size_t longest_head = 16 * 1024;

  answer_reader(const std::string& key, std::vector<serializer> offered);

  /// Takes the next bytes, at most to the end of the head. \return how many; what is behind them are frames.
  std::size_t feed(const char* data, std::size_t size);

  enum class state : unsigned char { incomplete, accepted, refused, broken };
  [[nodiscard]] state now() const noexcept { return state_; }
  /// Once accepted.
  [[nodiscard]] serializer chosen() const noexcept { return chosen_; }
  /// Once `refused`, by another status than 101, or `broken`.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  void read_head();
  bool read_status(std::string_view line);
  bool read_fields(std::string_view lines);
  bool broken(std::string why);

  std::string accept_;
  std::vector<serializer> offered_;
  std::string head_;
  state state_ = state::incomplete;
  serializer chosen_ = serializer::json;
  std::string problem_;
};

}  // namespace interloop::wamp::websocket
