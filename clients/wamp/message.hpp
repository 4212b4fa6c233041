// SPDX-License-Identifier: MIT
// WAMP's messages: their codes, and what each consists of. A message that came is checked as a whole before anything is
// done with it; its dictionaries and arguments stay bytes.
#pragma once

#include <interloop/wamp/detail/arguments.hpp>
#include <interloop/wamp/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace interloop::wamp {

enum class message_type : std::uint8_t {
  hello = 1,
  welcome = 2,
  abort = 3,
  challenge = 4,
  authenticate = 5,
  goodbye = 6,
  error = 8,
  publish = 16,
  published = 17,
  subscribe = 32,
  subscribed = 33,
  unsubscribe = 34,
  unsubscribed = 35,
  event = 36,
  call = 48,
  cancel = 49,
  result = 50,
  register_ = 64,
  registered = 65,
  unregister = 66,
  unregistered = 67,
  invocation = 68,
  interrupt = 69,
  yield = 70,
};

/// What a message consists of after its code, one letter a part: `i` an id or a number, `u` a URI or another text, `d` a
/// dictionary; and, where they may be missing at the end, `D` a dictionary, `a` arguments, `k` keyword arguments.
/// Null for a code that is none.
[[nodiscard]] const char* parts_of(std::uint64_t code) noexcept;
/// `RESULT` and so on; "a message of type 99" otherwise.
[[nodiscard]] std::string name_of_message(std::uint64_t code);

/// The largest id: 2^53, as every router and JavaScript can tell.
inline constexpr std::uint64_t largest_id = std::uint64_t{1} << 53U;

/// A message that came. Refers to its bytes.
struct message {
  message_type type{};
  std::uint64_t ids[3] = {};  ///< in their order
  std::string uri;            ///< or another text: a reason, a signature, a method
  detail::payload body{};     ///< details or options, and arguments
  /// Why the arguments cannot be read, if so; they are empty then, and not checked to their end. Another client has sent
  /// them, and a router passes on what it does not understand, so this is not an error of the protocol.
  std::string unreadable;
};

/// Reads a message. Errors: `protocol_error`, which names the message as far as it is known, for everything that is not a
/// message of WAMP as a whole.
[[nodiscard]] message read_message(serializer format, std::string_view bytes);

/// One member of a dictionary that was checked already; nothing if it is not there, or is of another type. `get_id` takes
/// natural numbers.
[[nodiscard]] std::optional<bool> get_flag(const detail::payload& from, std::string_view name);
[[nodiscard]] std::optional<std::string> get_text(const detail::payload& from, std::string_view name);
[[nodiscard]] std::optional<std::uint64_t> get_id(const detail::payload& from, std::string_view name);

}  // namespace interloop::wamp
