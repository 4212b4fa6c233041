// SPDX-License-Identifier: MIT
#include "rawsocket_frames.hpp"

#include <utility>

namespace interloop::wamp::rawsocket {
namespace {

constexpr char magic = 0x7f;
constexpr std::size_t header = 4;

unsigned number_of(serializer which) noexcept {
  switch (which) {
    case serializer::json:
      return 1;
    case serializer::msgpack:
      return 2;
    case serializer::cbor:
      return 3;
  }
  return 0;
}

unsigned at(std::string_view bytes, std::size_t i) noexcept { return static_cast<unsigned char>(bytes[i]); }

}  // namespace

unsigned length_code(std::size_t largest) noexcept {
  unsigned code = 0;
  while (code < 15 && (std::size_t{512} << code) < largest) ++code;
  return code;
}

std::size_t longest(unsigned code) noexcept {
  return code >= 15 ? (std::size_t{1} << 24) - 1 : std::size_t{512} << code;
}

std::array<char, 4> greeting(unsigned length_code, serializer wanted) noexcept {
  return {magic, static_cast<char>(length_code << 4 | number_of(wanted)), 0, 0};
}

answer read_answer(std::array<char, 4> bytes, serializer wanted) {
  const auto refused = [](std::string why, bool serializer = false) { return answer{0, std::move(why), serializer}; };
  if (bytes[0] != magic) return refused("the server does not speak RawSocket: its answer does not begin with 7F");
  const unsigned high = static_cast<unsigned char>(bytes[1]) >> 4;
  const unsigned low = static_cast<unsigned char>(bytes[1]) & 15;
  if (low == 0) {
    switch (high) {
      case 1:
        return refused("the server does not have this serializer", true);
      case 2:
        return refused("the server does not take messages of the length that was asked for");
      case 3:
        return refused("the server says that reserved bits were used");
      case 4:
        return refused("the server has too many connections");
      default:
        return refused("the server refused the handshake with the unknown code " + std::to_string(high));
    }
  }
  if (low != number_of(wanted)) return refused("the server answered with a serializer that was not asked for");
  if (bytes[2] != 0 || bytes[3] != 0) return refused("the server used reserved bytes in its answer");
  return {longest(high), {}, false};
}

void append(streams::bytes& to, kind what, std::string_view payload) {
  char* const at = to.room(header + payload.size());
  at[0] = static_cast<char>(what);
  at[1] = static_cast<char>(payload.size() >> 16 & 0xff);
  at[2] = static_cast<char>(payload.size() >> 8 & 0xff);
  at[3] = static_cast<char>(payload.size() & 0xff);
  payload.copy(at + header, payload.size());
  to.commit(header + payload.size());
}

reader::event reader::next() {
  held_.consume(std::exchange(taken_, 0));
  payload_ = {};
  if (!problem_.empty()) return event::broken;
  const std::string_view held = held_.view();
  if (held.empty()) return event::none;
  const unsigned type = at(held, 0);
  if (type > static_cast<unsigned>(kind::pong)) {
    problem_ = "a RawSocket frame begins with " + std::to_string(type) + ", which is not a type of frame";
    return event::broken;
  }
  if (held.size() < header) return event::none;
  const std::size_t size = at(held, 1) << 16 | at(held, 2) << 8 | at(held, 3);
  if (size > largest_) {
    problem_ = "a RawSocket frame of " + std::to_string(size) + " bytes, but at most " + std::to_string(largest_) +
               " are accepted";
    return event::broken;
  }
  if (held.size() < header + size) return event::none;
  payload_ = held.substr(header, size);
  taken_ = header + size;
  return static_cast<event>(type + 1);
}

}  // namespace interloop::wamp::rawsocket
