// SPDX-License-Identifier: MIT
// Any bytes, from a server: RawSocket's answer and frames, WebSocket's opening and frames; and any text as a URL. The
// outcome is the same whether they come at once or one by one, and nothing is longer than it may be.
#include "clients/wamp/transport/rawsocket_frames.hpp"
#include "clients/wamp/transport/upgrade.hpp"
#include "clients/wamp/transport/url.hpp"
#include "clients/wamp/transport/websocket_frames.hpp"

#include <interloop/error.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

namespace wamp = interloop::wamp;
constexpr std::size_t largest = 100;

void require(bool right) {
  if (!right) std::abort();
}

/// What a reader of frames makes of bytes, in pieces.
template <class Reader, class... Arguments>
std::string read(std::string_view all, std::size_t piece, Arguments... arguments) {
  Reader reader(arguments...);
  std::string seen;
  for (std::size_t at = 0; at < all.size(); at += piece) {
    const std::string_view next = all.substr(at, piece);
    reader.feed(next.data(), next.size());
    for (;;) {
      const auto got = reader.next();
      if (got == Reader::event::none) break;
      seen += static_cast<char>('0' + static_cast<int>(got));
      if (got == Reader::event::broken) {
        require(!reader.problem().empty());
        return seen + reader.problem();
      }
      require(reader.payload().size() <= largest + 25);  // control frames have up to 125
      seen += reader.payload();
    }
  }
  return seen;
}

std::string open(std::string_view all, std::size_t piece) {
  using reader_type = wamp::websocket::answer_reader;
  reader_type reader("dGhlIHNhbXBsZSBub25jZQ==", {wamp::serializer::json, wamp::serializer::msgpack});
  std::size_t taken = 0;
  for (std::size_t at = 0; at < all.size() && reader.now() == reader_type::state::incomplete; at += piece) {
    const std::string_view next = all.substr(at, piece);
    taken += reader.feed(next.data(), next.size());
  }
  require(taken <= all.size());
  return std::to_string(static_cast<int>(reader.now())) + std::to_string(taken) + reader.problem();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto same = [&](auto how) { require(how(std::size_t{1}) == how(all.size() + 1)); };
  switch (data[0] % 6) {
    case 0:
      same([&](std::size_t piece) { return read<wamp::rawsocket::reader>(all, piece, largest); });
      break;
    case 1:
      same([&](std::size_t piece) { return read<wamp::websocket::reader>(all, piece, true, largest); });
      break;
    case 2:
      same([&](std::size_t piece) { return read<wamp::websocket::reader>(all, piece, false, largest); });
      break;
    case 3:
      same([&](std::size_t piece) { return open(all, piece); });
      break;
    case 4:
      if (all.size() >= 4) {
        const auto got = wamp::rawsocket::read_answer({all[0], all[1], all[2], all[3]}, wamp::serializer::json);
        require(got.problem.empty() == (got.largest > 0));
      }
      break;
    default:
      try {
        const auto got = wamp::parse_url(std::string(all));
        require(got.where.local() || (got.where.port >= 1 && got.where.port <= 65535));
        require(got.host.find_first_of("\r\n ") == std::string::npos);
      } catch (const interloop::usage_error&) {
      }
  }
  return 0;
}
